"""One tool call over HTTP; those of a run are listed with the run."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.tenants.facade import principal_of
from apps.tools.api.tool_call_serializers import ToolCallRead
from apps.tools.selectors import get_call


@extend_schema(tags=["tools"])
class ToolCallDetail(APIView):
    """What was asked of a tool, with secrets masked, and what came of it."""

    required_right_to_read = "read"

    @extend_schema(responses=ToolCallRead)
    def get(self, request: Request, call_id: UUID) -> Response:
        call = get_call(tenant_id=principal_of(request).tenant_id, call_id=call_id)
        return Response(ToolCallRead(call).data)
