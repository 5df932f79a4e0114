"""The MCP servers of a tenant over HTTP."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery, Nothing
from agentplatform.core.clock import now
from apps.tenants.facade import principal_of
from apps.tools.api.mcp_server_serializers import McpServerChange, McpServerRead, McpServerWrite
from apps.tools.models import McpServer
from apps.tools.services.change_mcp_server import (
    change_mcp_server,
    delete_mcp_server,
    find_mcp_server,
    refresh_mcp_server,
)
from apps.tools.services.register_mcp_server import register_mcp_server


@extend_schema(tags=["mcp-servers"])
class McpServerList(PagedView):
    """The tenant's MCP servers, newest first; POST connects to one and takes over its tools."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(responses=McpServerRead(many=True), operation_id="mcp_servers_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        servers = McpServer.objects.filter(tenant_id=principal_of(request).tenant_id)
        return self.answer_page(request, servers.prefetch_related("tools"), McpServerRead)

    @extend_schema(request=McpServerWrite, responses={201: McpServerRead})
    def post(self, request: Request) -> Response:
        body = McpServerWrite(data=request.data)
        body.is_valid(raise_exception=True)
        server = register_mcp_server(
            tenant_id=principal_of(request).tenant_id, at=now(), **body.validated_data
        )
        return Response(McpServerRead(server).data, status=201)


@extend_schema(tags=["mcp-servers"])
class McpServerDetail(APIView):
    """PATCH switches a server off or on, or sends it another secret; DELETE forgets it."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(responses=McpServerRead)
    def get(self, request: Request, server_id: UUID) -> Response:
        server = find_mcp_server(tenant_id=principal_of(request).tenant_id, server_id=server_id)
        return Response(McpServerRead(server).data)

    @extend_schema(request=McpServerChange, responses=McpServerRead)
    def patch(self, request: Request, server_id: UUID) -> Response:
        body = McpServerChange(data=request.data)
        body.is_valid(raise_exception=True)
        server = change_mcp_server(
            tenant_id=principal_of(request).tenant_id,
            server_id=server_id,
            at=now(),
            **body.validated_data,
        )
        return Response(McpServerRead(server).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, server_id: UUID) -> Response:
        delete_mcp_server(tenant_id=principal_of(request).tenant_id, server_id=server_id, at=now())
        return Response(status=204)


@extend_schema(tags=["mcp-servers"])
class McpServerRefresh(APIView):
    """Ask the server for its tools anew."""

    required_right = "admin"

    @extend_schema(request=Nothing, responses=McpServerRead)
    def post(self, request: Request, server_id: UUID) -> Response:
        Nothing(data=request.data).is_valid(raise_exception=True)
        server = refresh_mcp_server(
            tenant_id=principal_of(request).tenant_id, server_id=server_id, at=now()
        )
        return Response(McpServerRead(server).data)
