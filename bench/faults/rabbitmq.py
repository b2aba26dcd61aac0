"""Faults of the watched RabbitMQ: the panel must show them, and they must never delay or cost a sample."""

from bench.faults.measure import Fault
from bench.faults.testbed import QUEUE, Testbed
from bench.faults.watch import Sign, service

OFFLINE: Sign = service("rabbitmq", "offline")


def start_again(testbed: Testbed) -> None:
    """The broker, and its worker: how soon a stock worker finds its broker again is not what is measured here."""
    testbed.rabbitmq.start()
    start_worker_again(testbed)


def start_worker_again(testbed: Testbed) -> None:
    """The application's own worker, anew."""
    testbed.worker.kill9()
    testbed.worker.start()


def heal_link(testbed: Testbed) -> None:
    """The link to the broker works again."""
    testbed.broker_link.heal()


def delete_queue(testbed: Testbed) -> None:
    """The workers are gone, and so is their queue."""
    testbed.worker.kill9()
    testbed.rabbitmq.ctl("delete_queue", QUEUE)


KILLED = Fault(
    name="RabbitMQ: `kill -9`, back after it was seen",
    strike=lambda testbed: testbed.rabbitmq.kill9(),
    heal=start_again,
    shows=OFFLINE,
)

FAULTS = (
    KILLED,
    Fault(
        name="RabbitMQ: stopped and started again (`rabbitmqctl stop_app`)",
        strike=lambda testbed: testbed.rabbitmq.ctl("stop_app"),
        heal=lambda testbed: (testbed.rabbitmq.ctl("start_app"), start_worker_again(testbed)),
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: SIGSTOP",
        strike=lambda testbed: testbed.rabbitmq.pause(),
        heal=lambda testbed: testbed.rabbitmq.resume(),
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: packets dropped in both directions",
        strike=lambda testbed: testbed.broker_link.black_hole(),
        heal=heal_link,
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: open connections fall silent for ever, new ones work",
        strike=lambda testbed: testbed.broker_link.half_open(),
        shows=None,
    ),
    Fault(
        name="RabbitMQ: every connection reset",
        strike=lambda testbed: testbed.broker_link.reset(),
        heal=heal_link,
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: workers gone, queue deleted",
        strike=delete_queue,
        heal=lambda testbed: testbed.worker.start(),
        shows=service("worker", "offline"),
    ),
    Fault(
        name="RabbitMQ: memory alarm",
        strike=lambda testbed: testbed.rabbitmq.ctl("set_vm_memory_high_watermark", "0.00001"),
        heal=lambda testbed: testbed.rabbitmq.ctl("set_vm_memory_high_watermark", "0.8"),
        shows=service("rabbitmq", "degraded"),
    ),
    Fault(
        name="RabbitMQ: disk alarm",
        strike=lambda testbed: testbed.rabbitmq.ctl("set_disk_free_limit", "100000GB"),
        heal=lambda testbed: testbed.rabbitmq.ctl("set_disk_free_limit", "1MB"),
        shows=service("rabbitmq", "degraded"),
    ),
)
