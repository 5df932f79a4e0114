"""Send the message of a dead letter again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import current_app
from django.utils.module_loading import autodiscover_modules

from agentplatform.core.errors import Conflict, InvalidInput
from agentplatform.core.tasks import PlatformTask, UnfitArguments
from agentplatform.core.transactions import after_commit, transaction
from agentplatform.dead_letters.models import DeadLetter
from apps.runs.models import Run
from apps.runs.services.dispatch import send_task
from apps.runs.services.resolve_letter import lock_open_letter, resolve
from apps.runs.states import RUN


def replay_letter(
    *, letter_id: UUID, at: datetime, changes: Mapping[str, Any] | None = None
) -> None:
    """Send the letter's message with its keywords, overlaid by `changes`, after the commit.

    Raises NotFound, InvalidInput for keywords that the task does not take, and Conflict for what
    cannot be sent again: a step or a call that failed stays so. Opens a transaction.
    """
    with transaction():
        letter = lock_open_letter(letter_id)
        if letter.kind != DeadLetter.Kind.MESSAGE:
            raise Conflict(_where_to_retry(letter))
        task = _task_of(letter)
        keywords = {**(letter.payload.get("kwargs") or {}), **(changes or {})}
        try:
            accepted = task.accept((), keywords)
        except UnfitArguments as error:
            raise InvalidInput(f"{error}: give it as --set name=value.") from error
        resolve(letter, as_="replayed", at=at)
        after_commit(send_task, name=letter.task, keywords=accepted)


def _task_of(letter: DeadLetter) -> PlatformTask:
    autodiscover_modules("tasks")  # a process that is no worker has not needed them
    task = current_app.tasks.get(letter.task) if letter.task else None
    if not isinstance(task, PlatformTask):
        what = f"no task {letter.task!r}" if letter.task else "no task of this message"
        raise Conflict(f"There is {what}: discard it, or replay it with a release that knows it.")
    return task


def _where_to_retry(letter: DeadLetter) -> str:
    run = Run.objects.filter(id=letter.run_id).first() if letter.run_id else None
    if run is None:
        return "Its run is gone: discard it."
    if run.status in RUN.terminal:
        address = f"POST /api/v1/runs/{run.id}/retry"
        return f"Its run ended as {run.status} and stays so; {address} starts a new one from there."
    return (
        f"The {letter.kind} failed and its run went on; a state that is final stays so. Wait for"
        " the end of the run, or cancel it, and retry it then."
    )
