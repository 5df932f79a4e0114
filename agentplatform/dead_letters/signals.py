"""A task that was called with what does not fit becomes a dead letter."""

from typing import Any

from celery.signals import task_failure

from agentplatform.core.clock import now
from agentplatform.core.tasks import UnfitArguments
from agentplatform.dead_letters.bury_message import bury_message
from agentplatform.dead_letters.reasons import Reason


@task_failure.connect
def _bury_unfit(
    sender: Any, task_id: str, exception: BaseException, args: Any, kwargs: Any, **_: object
) -> None:
    if isinstance(exception, UnfitArguments):
        bury_message(
            task=sender.name,
            payload={"args": args, "kwargs": kwargs},
            reason=Reason.UNFIT_ARGUMENTS,
            detail=str(exception),
            message_id=task_id,
            at=now(),
        )
