"""The watched RabbitMQ as the patient: it must show, and never delay or cost a sample."""

from tests.faults.measure import Fault
from tests.faults.ward import QUEUE, Ward
from tests.faults.watch import Sign, service

OFFLINE: Sign = service("rabbitmq", "offline")


def start_again(ward: Ward) -> None:
    """The broker, and its worker: how soon a stock worker finds its broker again is not what is measured here."""
    ward.rabbitmq.start()
    start_worker_again(ward)


def start_worker_again(ward: Ward) -> None:
    """The application's own worker, anew."""
    ward.worker.kill9()
    ward.worker.start()


def heal_link(ward: Ward) -> None:
    """The link to the broker works again."""
    ward.broker_link.heal()


def delete_queue(ward: Ward) -> None:
    """The workers are gone, and so is their queue."""
    ward.worker.kill9()
    ward.rabbitmq.ctl("delete_queue", QUEUE)


KILLED = Fault(
    name="RabbitMQ: `kill -9`, back once it was seen",
    strike=lambda ward: ward.rabbitmq.kill9(),
    heal=start_again,
    shows=OFFLINE,
)

FAULTS = (
    KILLED,
    Fault(
        name="RabbitMQ: stopped and started (`rabbitmqctl stop_app`)",
        strike=lambda ward: ward.rabbitmq.ctl("stop_app"),
        heal=lambda ward: (ward.rabbitmq.ctl("start_app"), start_worker_again(ward)),
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: SIGSTOP",
        strike=lambda ward: ward.rabbitmq.pause(),
        heal=lambda ward: ward.rabbitmq.resume(),
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: black-holed, both directions",
        strike=lambda ward: ward.broker_link.black_hole(),
        heal=heal_link,
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: open connections fall silent for good, new ones work",
        strike=lambda ward: ward.broker_link.half_open(),
        shows=None,
    ),
    Fault(
        name="RabbitMQ: every connection reset",
        strike=lambda ward: ward.broker_link.reset(),
        heal=heal_link,
        shows=OFFLINE,
    ),
    Fault(
        name="RabbitMQ: workers gone, queue deleted",
        strike=delete_queue,
        heal=lambda ward: ward.worker.start(),
        shows=service("worker", "offline"),
    ),
    Fault(
        name="RabbitMQ: memory alarm",
        strike=lambda ward: ward.rabbitmq.ctl("set_vm_memory_high_watermark", "0.00001"),
        heal=lambda ward: ward.rabbitmq.ctl("set_vm_memory_high_watermark", "0.8"),
        shows=service("rabbitmq", "degraded"),
    ),
    Fault(
        name="RabbitMQ: disk alarm",
        strike=lambda ward: ward.rabbitmq.ctl("set_disk_free_limit", "100000GB"),
        heal=lambda ward: ward.rabbitmq.ctl("set_disk_free_limit", "1MB"),
        shows=service("rabbitmq", "degraded"),
    ),
)
