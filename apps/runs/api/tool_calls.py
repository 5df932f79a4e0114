"""The tool calls of a run over HTTP."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import StrictQuery
from agentplatform.calls.states import CALL
from apps.runs.api.runs import run_or_404
from apps.tools import facade as tools


class ToolCallFilter(StrictQuery):
    """Both must hold where both are given."""

    tool = serializers.CharField(required=False, help_text="Calls of this tool.")
    status = serializers.ChoiceField(choices=CALL.states, required=False)


class RunToolCall(serializers.Serializer[Any]):
    """A tool call of the run; all of it is at /api/v1/tool-calls/{call_id}. `error_code` is null
    unless it failed."""

    call_id = serializers.UUIDField()
    step_id = serializers.UUIDField()
    attempt = serializers.IntegerField()
    turn = serializers.IntegerField()
    index = serializers.IntegerField()
    tool = serializers.CharField()
    action = serializers.CharField()
    status = serializers.CharField()
    error_code = serializers.CharField(allow_null=True)
    artifacts = serializers.ListField(child=serializers.UUIDField())
    duration_ms = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


@extend_schema(tags=["runs"])
class RunToolCalls(PagedView):
    """The tool calls of a run, newest first, in pages."""

    required_right_to_read = "read"

    @extend_schema(
        parameters=[ToolCallFilter],
        responses=RunToolCall(many=True),
        operation_id="runs_tool_calls_list",
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        run = run_or_404(request, run_id)
        wanted = ToolCallFilter(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        calls = tools.calls_of_run(tenant_id=run.tenant_id, run_id=run.id, **wanted.validated_data)
        return self.answer_page(
            request, calls, RunToolCall, show=lambda page: map(tools.sum_up_call, page)
        )
