"""The tenant's own accounts with providers over HTTP: set and deleted, their keys never shown."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from apps.gateway.api.model_serializers import ProviderKeyRead, ProviderKeyWrite
from apps.gateway.models import ProviderKey
from apps.gateway.services.set_provider_key import delete_provider_key, set_provider_key
from apps.tenants.facade import principal_of


@extend_schema(tags=["models"])
class ProviderKeyList(APIView):
    """The providers that the tenant has a key of its own for."""

    required_right_to_read = "admin"

    @extend_schema(responses=ProviderKeyRead(many=True), operation_id="provider_keys_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        rows = ProviderKey.objects.filter(tenant_id=principal_of(request).tenant_id)
        return Response(ProviderKeyRead(rows.order_by("provider"), many=True).data)


@extend_schema(tags=["models"])
class ProviderKeyDetail(APIView):
    """PUT sets the account with a provider, whether there was one or not; DELETE forgets it."""

    required_right = "admin"

    @extend_schema(request=ProviderKeyWrite, responses={200: ProviderKeyRead, 201: ProviderKeyRead})
    def put(self, request: Request, provider: str) -> Response:
        body = ProviderKeyWrite(data=request.data)
        body.is_valid(raise_exception=True)
        row, is_new = set_provider_key(
            tenant_id=principal_of(request).tenant_id,
            provider=provider,
            at=now(),
            **body.validated_data,
        )
        return Response(ProviderKeyRead(row).data, status=201 if is_new else 200)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, provider: str) -> Response:
        delete_provider_key(tenant_id=principal_of(request).tenant_id, provider=provider, at=now())
        return Response(status=204)
