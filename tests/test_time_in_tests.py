"""No test depends on the machine's speed, as far as its source shows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.process import PATIENCE_S

TESTS = Path(__file__).resolve().parent
FILES = [path for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__)]

MEASURES = re.compile(
    r"\b(monotonic|perf_counter|process_time|thread_time)(_ns)?\(|\b(cpu_times|memory_info|used_memory)\b"
)
MEASURING = {
    "promises.py": "the deadlines that users are told, and bounds that a slow machine only loosens",
    "process.py": "waits for events",
    "web.py": "waits for events of a stream",
    "judging.py": "tells the judge the time, and compares none",
    "fuzz.py": "`make fuzz`, no test",
    "live/test_least_rights.py": "`make test-reads`, which looks on for minutes",
    "engine/": "`make test-containers`, no test: it measures the containers",
    "live/test_failover.py": "what is told of a standstill is held between the test's own readings on either side",
    "live/test_queue_probe.py": "the same",
    "waiting_times.py": "how long messages really waited, which is what the panel must tell",
    "live/test_waits_on_rabbitmq.py": "the same",
    "live/test_waits_on_redis.py": "the same",
    "programs/paced.py": "the same",
    "live/test_workload.py": "how old a task is at most, which the panel must not exceed",
    "programs/cgroup_reader.py": "the kernel's own figures of a busy loop are what is read",
}
"""Where a clock of durations or a meter of CPU or memory may be read, and why."""

SLEEPING = {
    "process.py": "between two looks at a condition",
    "toxics.py": "a link that is slow",
    "waiting_times.py": "messages that wait need time to do so",
    "engine/": "`make test-containers`, no test",
    "programs/": "services that live for a while, no tests",
}
"""Where a test process may sleep, and why."""

DURATION = re.compile(r"(took|latency|elapsed|delay|delays|slowest|longest|spent|cost)_(s|ms|us)$")


AGE = re.compile(r"\bage_s\b|^abs\(.* - time\.time\(\)\)$")


def where(path: Path, node: ast.AST | None = None) -> str:
    name = path.relative_to(TESTS).as_posix()
    return f"{name}:{node.lineno}" if isinstance(node, ast.expr) else name


def is_excused(path: Path, excuses: dict[str, str]) -> bool:
    return any(where(path).startswith(each) for each in excuses)


def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_clocks_of_durations_and_meters_of_cpu_and_memory_are_read_where_it_is_said_why() -> None:
    found = {where(path) for path in FILES if MEASURES.search(path.read_text(encoding="utf-8"))}

    assert found - {where(path) for path in FILES if is_excused(path, MEASURING)} == set()


def test_no_duration_that_the_product_tells_is_compared_with_a_number_of_the_tests_own() -> None:
    """With a promise it may be: `sample["took_ms"] <= Promise.TICK.within_s * 1000`."""
    found = [
        where(path, node)
        for path in FILES
        if not is_excused(path, MEASURING)
        for node in nodes_of(path)
        if isinstance(node, ast.Compare) and is_norm(node)
    ]

    assert found == []


def test_nothing_must_be_younger_than_what_is_waited_for_anything() -> None:
    """`age_s < 5` tests the speed of the machine; `age_s < PATIENCE_S` tests that the age is of the right clock."""
    found = [
        where(path, node)
        for path in FILES
        for node in nodes_of(path)
        if isinstance(node, ast.Compare) and any(is_hasty_age(*each) for each in bounds(node))
    ]

    assert found == []


def bounds(node: ast.Compare) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each pair of a smaller and a larger side that the comparison asserts."""
    for left, order, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        if isinstance(order, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield (left, right) if isinstance(order, ast.Lt | ast.LtE) else (right, left)


def is_hasty_age(age: ast.expr, bound: ast.expr) -> bool:
    return bool(AGE.search(ast.unparse(age))) and isinstance(bound, ast.Constant) and bound.value < PATIENCE_S


def is_norm(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    numbers = [each.value for each in sides if isinstance(each, ast.Constant)]
    is_order = any(isinstance(each, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for each in node.ops)
    return is_order and any(map(is_duration, sides)) and any(number != 0 for number in numbers)


def is_duration(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return bool(DURATION.search(name))
    return False


def test_what_is_waited_for_has_an_event_and_a_deadline_that_a_busy_machine_keeps() -> None:
    calls = [(path, node) for path in FILES for node in nodes_of(path) if isinstance(node, ast.Call)]
    sleeps = [where(*each) for each in calls if is_sleep(each[1]) and not is_excused(each[0], SLEEPING)]
    hasty = [where(*each) for each in calls if is_hasty(each[1]) and not is_excused(each[0], MEASURING)]

    assert (sleeps, hasty) == ([], [])


def is_sleep(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("time.sleep", "sleep", "gevent.sleep")


def is_hasty(call: ast.Call) -> bool:
    """Whether it gives a process, a browser or a socket less than half of the suite's usual wait."""
    unit = 1000 if ast.unparse(call.func).startswith(("expect", "page")) else 1
    return not ast.unparse(call.func).endswith("get_message") and any(
        keyword.arg == "timeout"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value < PATIENCE_S / 2 * unit
        for keyword in call.keywords
    )
