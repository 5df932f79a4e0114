"""Celery's side of runs: ids in, one service call."""

from uuid import UUID

from agentplatform.core.clock import now
from agentplatform.core.tasks import EVERY_TENANT, platform_task
from agentplatform.dead_letters.count_open import count_open
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_children import cancel_children
from apps.runs.services.execute_step import execute_step
from apps.runs.services.finalize_run import finalize_run
from apps.runs.services.places.count_waiting import count_waiting
from apps.runs.services.places.give_places import give_places
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.run_on import run_on
from apps.runs.services.show_queues import show_queues
from apps.runs.services.watch_budgets import watch_budgets


@platform_task(name="runs.advance_run", of="runs")
def advance_run_task(*, run_id: str) -> None:
    run_on(advance_run(run_id=UUID(run_id), at=now()), clock=now)


@platform_task(name="runs.execute_step", of="steps")
def execute_step_task(*, step_id: str, turn: int) -> None:
    run_on(execute_step(step_id=UUID(step_id), turn=turn, at=now(), goes_on=True), clock=now)


@platform_task(name="runs.resume_step", of="steps")
def resume_step_task(*, step_id: str, turn: int) -> None:
    run_on(resume_step(step_id=UUID(step_id), turn=turn, at=now(), goes_on=True), clock=now)


@platform_task(name="runs.finish_run", of="runs")
def finish_run_task(*, run_id: str) -> None:
    finalize_run(run_id=UUID(run_id), at=now())


@platform_task(name="runs.cancel_children", of="runs")
def cancel_children_task(*, run_id: str) -> None:
    cancel_children(run_id=UUID(run_id), at=now())


@platform_task(name="runs.give_places", of=EVERY_TENANT)
def give_places_task() -> None:
    give_places(at=now())


@platform_task(name="runs.count_waiting", of=EVERY_TENANT)
def count_waiting_task() -> None:
    count_waiting()
    show_queues()


@platform_task(name="runs.recover", of=EVERY_TENANT)
def recover_task() -> None:
    recover(at=now())


@platform_task(name="runs.count_dead_letters", of=EVERY_TENANT)
def count_dead_letters_task() -> None:
    count_open()


@platform_task(name="runs.watch_budgets", of=EVERY_TENANT)
def watch_budgets_task() -> None:
    watch_budgets(at=now())
