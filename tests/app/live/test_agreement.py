"""The page and `/healthz` never disagree, whatever a sample holds, and every verdict has its words."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from app.api.health import Health, health_of
from app.live.freshness import Freshness
from collector.judgement.judge import judge
from collector.judgement.situation import Outage, Past, Situation
from collector.judgement.trend import Trend
from collector.probes.broker.departures import Movement
from store.logs.task_failures import TaskFailures
from store.samples.model import Check, Queue, QueueState, Sample, Status, Trouble, TroubleCode
from store.samples.resources import Container, Cpu, Ram, Scope
from store.samples.wire import parse_wire
from store.samples.workload import Failure, Task, Worker, Workload
from tests.builders import make_queue, make_sample

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "tests/programs/page_levels.mjs"

AGREED = {"bad": Health.FAIL, "attention": Health.WARN, "unknown": Health.WARN, "fine": Health.PASS}

COUNTED: Mapping[str, float | str] = {"queue": "dispatch", "idle_s": 75, "waiting": 130, "unacked": 9}
"""The facts of a worker's check, which has those that its reason counts."""


def checks(status: str, *reasons: str | None) -> list[Check]:
    return [Check(status=Status(status), reason=reason) for reason in reasons]


ONLINE, STUCK = Check(status=Status.ONLINE), Check(status=Status.OFFLINE, reason="no_progress", facts=COUNTED)
DATABASE = (
    *checks("online", None), *checks("degraded", "slow"), *checks("offline", "refused", "timeout"),
    *checks("unknown", "first_look", "denied", "error", "stuck", "certificate"), *checks("disabled", None),
)  # fmt: skip
BROKER = (*DATABASE, *checks("degraded", "alarm_memory", "alarm_disk", "failover"))
WORKER = (
    *checks("online", None),
    *checks("offline", "no_consumers"), *checks("degraded", "ping_silent", "none_serves"),
    *checks("unknown", "first_look", "broker_down", "no_queues", "ping_silent", "nobody_listens", "none_serves",
            "answer_unreadable", "ask_off", "ask_denied", "ask_read_only", "ask_unsupported", "ask_failed"),
    *(replace(check, facts=COUNTED) for check in (
        *checks("offline", "no_progress", "no_consumers"), *checks("unknown", "movement_unknown"),
        *checks("degraded", "no_consumers", "unfinished", "ping_silent"),
    )),
    replace(*checks("offline", "no_consumers"), facts={"idle_s": 75, "waiting": 130}),
    *checks("disabled", "not_watched"),
)  # fmt: skip
QUEUES = (
    (),
    (make_queue(),),
    (make_queue(ready=9),),
    (make_queue(ready=9), make_queue(name="other", ready=9)),
    (make_queue(ready=9, in_per_s=0.0, out_per_s=3.0),),
    (make_queue(ready=9, in_per_s=9.0, out_per_s=3.0),),
    (make_queue(ready=None, state=QueueState.MISSING),),
    (make_queue(ready=None, state=QueueState.UNKNOWN),),
    (make_queue(ready=None, state=QueueState.UNKNOWN, reason="priorities_not_counted"),),
    (make_queue(ready=None, state=QueueState.UNKNOWN, reason="other_keyprefix"),),
)
WATCHING = tuple(Trouble(code=code, facts={"seconds": 9, "name": "backend", "count": 2}) for code in TroubleCode)
RAM = Ram(scope=Scope.HOST, percent=95.0)


def combinations() -> Iterator[Situation]:
    """Every check of a service with every check of the others and every state of the queues, and what may be beside."""
    for database, rabbitmq, worker, queues in product(DATABASE, BROKER, WORKER, QUEUES):
        yield situation({"database": database, "rabbitmq": rabbitmq, "worker": worker}, queues)
    online = {"database": ONLINE, "rabbitmq": ONLINE, "worker": ONLINE}
    past = Past(busy_samples=5, held_s=60.0, outage=Outage(lasted_s=60.0, ended_s=9.0))
    task = Task(name="send", last_failure=Failure(kind="GatewayTimeout", age_s=7.0))
    failed, failing = Workload(tasks=(task,)), Workload(tasks=(replace(task, failed_per_min=3.0),))
    busy = Worker(name="celery@a", age_s=1.0, slots=1, busy=1, oldest_s=75.0, queues=("dispatch",))
    all_busy = Workload(workers=(busy,), workers_total=1)
    container = Container(name="backend", age_s=0.5, cpu=Cpu(scope=Scope.CONTAINER), ram=RAM)
    falling = Past(trends={"dispatch": Trend(step=-3, slope_per_s=-1.0)})
    for queues in QUEUES:
        yield situation(online, queues, still_s=42.0)
        yield situation(online, queues, past=falling)
        yield situation(online, queues, past=past)
        yield situation(online, queues, ram=RAM, containers=(container,), troubles=WATCHING)
        yield replace(situation(online, queues), workload=failed)
        yield replace(situation(online, queues), workload=failing)
        yield replace(situation(online, queues), failures=TaskFailures(kind="KeyError", age_s=7.0, count=3))
        yield replace(situation({**online, "worker": STUCK}, queues), workload=all_busy)


def situation(
    checks: dict[str, Check], queues: tuple[Queue, ...], still_s: float = 0.0, past: Past | None = None, **sample: Any
) -> Situation:
    movements = {queue.name: Movement(still_s=still_s, is_certain=True) for queue in queues}
    taken = make_sample(checks=checks, queues=queues, verdict=None, **sample)
    return Situation(sample=taken, movements=movements, past=past or Past())


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """A judged sample for each kind of verdict that there is: page and `/healthz` read nothing else of it."""
    kinds: dict[tuple[Any, ...], Sample] = {}
    for each in combinations():
        verdict = judge(each)
        kind = (verdict.level, verdict.code, *(finding.code for finding in verdict.also))
        if kind not in kinds:
            kinds[kind] = replace(each.sample, verdict=verdict)
    return list(kinds.values())


def test_the_page_and_health_agree_on_every_sample(samples: list[Sample]) -> None:
    wires = [sample.to_json().decode() for sample in samples]
    node = shutil.which("node") or "node"
    told = json.loads(
        subprocess.run([node, str(PAGE)], input="\n".join(wires), capture_output=True, text=True, check=True).stdout
    )

    levels = {level for level, _ in told}
    assert levels == set(AGREED)
    for sample, wire, (level, code) in zip(samples, wires, told, strict=True):
        freshness = Freshness(3.0, lambda: 0.0)
        freshness.see("1-0", parse_wire(wire.encode()), 0.0)
        assert health_of(freshness.level(), is_in_doubt=bool(freshness.reasons())) is AGREED[level], code
        assert sample.verdict
        assert (sample.verdict.level, sample.verdict.code) == (level, code)


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_every_finding_has_a_sentence_that_says_what_it_counts(samples: list[Sample], language: str) -> None:
    catalogue = json.loads((ROOT / f"static/locales/{language}.json").read_text(encoding="utf-8"))

    verdicts = [sample.verdict for sample in samples if sample.verdict]
    told = [(each.code, each.facts) for verdict in verdicts for each in (verdict, *verdict.also)]
    for code, facts in told:
        sentence = json.dumps(catalogue[f"verdict.{code}"])
        assert set(re.findall(r"{(\w+)}", sentence)) <= set(facts), (code, facts)
