"""The tools of a tenant over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import NoQuery
from apps.tenants.facade import principal_of
from apps.tools.api.tool_serializers import ToolRead
from apps.tools.services.find_tools import describe_tools


@extend_schema(tags=["tools"])
class ToolList(APIView):
    """Every tool that a step or an agent of the tenant may name, with its schemas."""

    required_right_to_read = "read"

    @extend_schema(responses=ToolRead(many=True), operation_id="tools_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        tools = describe_tools(tenant_id=principal_of(request).tenant_id)
        return Response(ToolRead(tools, many=True).data)
