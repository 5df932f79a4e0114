"""The secrets that the tenant's tools may use, over HTTP: set and deleted, never shown."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from apps.tenants.facade import principal_of
from apps.tools.api.tool_secret_serializers import ToolSecretRead, ToolSecretWrite
from apps.tools.models import ToolSecret
from apps.tools.services.set_tool_secret import delete_tool_secret, set_tool_secret


@extend_schema(tags=["tools"])
class ToolSecretList(APIView):
    """The secrets that calls of tools may name, without their values."""

    required_right_to_read = "admin"

    @extend_schema(responses=ToolSecretRead(many=True), operation_id="tool_secrets_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        rows = ToolSecret.objects.filter(tenant_id=principal_of(request).tenant_id)
        return Response(ToolSecretRead(rows.order_by("name"), many=True).data)


@extend_schema(tags=["tools"])
class ToolSecretDetail(APIView):
    """PUT sets a secret, whether there was one or not; DELETE forgets it."""

    required_right = "admin"

    @extend_schema(request=ToolSecretWrite, responses={200: ToolSecretRead, 201: ToolSecretRead})
    def put(self, request: Request, name: str) -> Response:
        body = ToolSecretWrite(data=request.data)
        body.is_valid(raise_exception=True)
        row, is_new = set_tool_secret(
            tenant_id=principal_of(request).tenant_id, name=name, at=now(), **body.validated_data
        )
        return Response(ToolSecretRead(row).data, status=201 if is_new else 200)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        delete_tool_secret(tenant_id=principal_of(request).tenant_id, name=name, at=now())
        return Response(status=204)
