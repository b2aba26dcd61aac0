"""The workers and tasks of a scene. [pure]"""

from collections.abc import Sequence
from dataclasses import replace

from docs.scenes import FIRST_TASK, KIND, QUEUE, TASKS, Scene
from store.samples.model import Queue
from store.samples.workload import Crew, Events, Failure, Task, Worker, Workload


def make_crew(workload: Workload, heard: Sequence[Worker], queue: Queue) -> Crew:
    """All workers that were heard lately together."""
    silent = len(workload.workers) - len(heard)
    if not heard:
        return Crew(workers=0, silent=silent)
    slots = sum(each.slots or 0 for each in heard)
    failed = [each.failed_per_min for each in workload.tasks]
    return Crew(
        workers=len(heard),
        silent=silent,
        slots=slots,
        usable=slots,
        busy=sum(each.busy or 0 for each in heard),
        started_per_s=queue.out_per_s,
        failed_per_min=None if None in failed else sum(each or 0 for each in failed),
    )


def make_workload(scene: Scene, moment_s: float, queue: Queue, per_min: float) -> Workload:
    """Both tables; `per_min`: so many tasks have run within the last minute."""
    workers = tuple(_worker(scene, number, moment_s, queue, per_min) for number in range(scene.workers))
    tasks = tuple(_task(scene, number, moment_s, per_min) for number in range(scene.tasks))
    return Workload(
        events=scene.events, workers=workers, tasks=tasks, workers_total=len(workers), tasks_total=len(tasks)
    )


def _worker(scene: Scene, number: int, moment_s: float, queue: Queue, per_min: float) -> Worker:
    age_s = 1.0 + number % 3
    if scene.silent_since_s is not None:
        age_s = max(age_s, moment_s - scene.silent_since_s)
    share = per_min / scene.workers * (1 + 0.2 * (number % 3 - 1))
    is_full = queue.ready and number % 4 < 3
    busy = 0 if not queue.out_per_s else scene.slots if is_full else (number * 5 + 3) % (scene.slots + 1)
    has_events = scene.events is Events.ON
    failed = _failed_per_min(scene, moment_s) if number == 0 else 0.0
    return Worker(
        name=f"celery@disparo-{number + 1}",
        age_s=age_s,
        slots=scene.slots,
        busy=busy,
        oldest_s=0.4 + number if busy else None,
        prefetch=scene.slots,
        queues=(QUEUE,) if number % 4 or scene.workers < 10 else (QUEUE, "reports"),
        started_per_min=round(share, 1),
        succeeded_per_min=round(share - failed, 1) if has_events else None,
        failed_per_min=failed if has_events else None,
        retried_per_min=0.0 if has_events else None,
    )


def _failed_per_min(scene: Scene, moment_s: float) -> float:
    return float(scene.failed[0]) if scene.failed and moment_s >= scene.failed[1] else 0.0


def _task(scene: Scene, number: int, moment_s: float, per_min: float) -> Task:
    share = per_min / 1.3 ** (number + 4) if scene.tasks > 1 else per_min
    bare = Task(name=TASKS[(number * 7 + FIRST_TASK) % len(TASKS)], started_per_min=round(share, 1))
    if scene.events is not Events.ON:
        return bare
    failed = _failed_per_min(scene, moment_s) if number == 0 else 0.0
    return replace(
        bare,
        succeeded_per_min=round(max(0.0, share - failed), 1),
        failed_per_min=failed,
        retried_per_min=0.2 if number == 4 else 0.0,
        runtime_p50_s=0.12 + 0.03 * number,
        runtime_p95_s=0.4 + 0.09 * number,
        wait_p50_s=1.1,
        wait_p95_s=4.2,
        last_failure=Failure(kind=KIND, age_s=moment_s - scene.failed[1]) if failed and scene.failed else None,
    )
