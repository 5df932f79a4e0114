"""Celery's door."""

from uuid import UUID

from agentplatform.core import clock
from agentplatform.core.tasks import EVERY_TENANT, platform_task
from apps.tools.services.execute_call import execute_call
from apps.tools.services.sweep_artifacts import sweep_artifacts as sweep
from apps.tools.services.thumbnails import ask_again
from apps.tools.services.thumbnails import make_thumbnail as make


@platform_task(name="tools.execute", of="tool_events")
def execute(*, call_id: str) -> str:
    """Execute one planned call. Returns its id; what came of it stands in its row."""
    execute_call(call_id=UUID(call_id), clock=clock.now)
    return call_id


@platform_task(name="tools.make_thumbnail", of="artifacts")
def make_thumbnail(*, artifact_id: str) -> None:
    """Make the thumbnail of an artifact that is an image."""
    make(artifact_id=UUID(artifact_id))


@platform_task(name="tools.ask_for_thumbnails", of=EVERY_TENANT)
def ask_for_thumbnails() -> None:
    """Have thumbnails made whose message may be lost."""
    ask_again(at=clock.now())


@platform_task(name="tools.sweep_artifacts", of=EVERY_TENANT)
def sweep_artifacts() -> None:
    """Delete contents that no artifact names."""
    sweep(at=clock.now())
