"""Celery's door."""

from uuid import UUID

from agentplatform.core import clock
from agentplatform.core.tasks import platform_task
from apps.tools.services.execute_call import execute_call


@platform_task(name="tools.execute", of="tool_events")
def execute(*, call_id: str) -> str:
    """Execute one planned call. Returns its id; what came of it stands in its row."""
    execute_call(call_id=UUID(call_id), clock=clock.now)
    return call_id
