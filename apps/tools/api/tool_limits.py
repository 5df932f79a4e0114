"""What the tools may use, over HTTP. Only the platform's staff changes it, in the admin site."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import NoQuery
from apps.tenants.facade import principal_of
from apps.tools.api.serializers import ToolLimitsRead
from apps.tools.services.find_tools import tool_names
from apps.tools.services.tool_limits import limits_of_tenant


@extend_schema(tags=["tools"], responses=ToolLimitsRead(many=True))
class ToolLimitList(APIView):
    """How much one call of each tool may use."""

    required_right_to_read = "read"

    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        tenant_id = principal_of(request).tenant_id
        names = tuple(sorted(tool_names(tenant_id=tenant_id)))
        found = limits_of_tenant(tenant_id=tenant_id, tools=names)
        shown = [{"tool": tool, **asdict(limits)} for tool, limits in found.items()]
        return Response(ToolLimitsRead(shown, many=True).data)
