"""The trace travels with Celery's messages: a task belongs to the request or task that sent it."""

from typing import Any

import structlog
from celery.signals import before_task_publish, task_postrun, task_prerun

from agentplatform.telemetry.trace import current_trace_id, new_trace_id

HEADER = "trace_id"


@before_task_publish.connect
def _send_trace(headers: dict[str, Any], **_: object) -> None:
    trace_id = current_trace_id()
    if trace_id:
        headers.setdefault(HEADER, trace_id)


@task_prerun.connect
def _continue_trace(task: Any, **_: object) -> None:
    trace_id = task.request.get(HEADER) or (task.request.headers or {}).get(HEADER)
    structlog.contextvars.bind_contextvars(trace_id=trace_id or new_trace_id())


@task_postrun.connect
def _end_trace(**_: object) -> None:
    structlog.contextvars.unbind_contextvars("trace_id")
