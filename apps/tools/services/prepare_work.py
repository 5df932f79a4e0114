"""What a runner is given for one call."""

import threading
from typing import BinaryIO
from uuid import UUID

from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.tools.egress.session import Egress
from apps.tools.models import ToolCall
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import Caller, Tool, Work
from apps.tools.services.find_tool_secret import find_tool_secret
from apps.tools.services.find_way_out import find_way_out
from apps.tools.services.open_artifact import open_artifact
from apps.tools.services.open_workspace import open_workspace
from apps.tools.services.shown_arguments import sent_arguments
from apps.tools.services.tool_limits import limits_of_call
from apps.tools.stores.copying import as_file


def prepare_work(call: ToolCall, *, tool: Tool, stop: threading.Event) -> Work:
    """The work of a claimed call: its limits, its way out if it needs one, its inputs."""
    return Work(
        caller=Caller(
            tenant_id=call.tenant_id, run_id=call.run_id, step_id=call.step_id, call_id=call.id
        ),
        arguments=sent_arguments(call),
        limits=limits_of_call(
            tenant_id=call.tenant_id, tool=call.tool, timeout_seconds=call.timeout_seconds
        ),
        egress=find_way_out(call) if tool.goes_out(call.arguments) else Egress(),
        open_input=lambda artifact_id: _open_input(call, artifact_id),
        open_workspace=lambda session: _open_workspace(call, session),
        find_secret=lambda name: _find_secret(call, name),
        stop=stop,
    )


def _open_input(call: ToolCall, artifact_id: UUID) -> BinaryIO:
    with brief_connection(), tenant_scope(call.tenant_id):
        _, content = open_artifact(tenant_id=call.tenant_id, artifact_id=artifact_id)
    return as_file(content)


def _open_workspace(call: ToolCall, session: str) -> BinaryIO | None:
    with brief_connection(), tenant_scope(call.tenant_id):
        content = open_workspace(call=call, session=session)
    return None if content is None else as_file(content)


def _find_secret(call: ToolCall, name: str) -> Secret:
    with brief_connection(), tenant_scope(call.tenant_id):
        return find_tool_secret(tenant_id=call.tenant_id, name=name)
