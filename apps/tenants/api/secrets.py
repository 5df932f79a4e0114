"""The secrets of a tenant over HTTP: set and deleted, never shown."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from apps.tenants.api.serializers import SecretRead, SecretWrite
from apps.tenants.facade import delete_secret, principal_of, set_secret
from apps.tenants.models import Secret


@extend_schema(tags=["secrets"])
class SecretList(PagedView):
    """The names of the tenant's secrets, newest first."""

    required_right_to_read = "admin"

    @extend_schema(responses=SecretRead(many=True), operation_id="secrets_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        secrets = Secret.objects.filter(tenant_id=principal_of(request).tenant_id)
        return self.answer_page(request, secrets, SecretRead)


@extend_schema(tags=["secrets"])
class SecretDetail(APIView):
    """PUT sets a secret, whether there was one or not; DELETE forgets it."""

    required_right = "admin"

    @extend_schema(request=SecretWrite, responses={200: SecretRead, 201: SecretRead})
    def put(self, request: Request, name: str) -> Response:
        body = SecretWrite(data=request.data)
        body.is_valid(raise_exception=True)
        secret, is_new = set_secret(
            tenant_id=principal_of(request).tenant_id, name=name, at=now(), **body.validated_data
        )
        return Response(SecretRead(secret).data, status=201 if is_new else 200)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        delete_secret(tenant_id=principal_of(request).tenant_id, name=name, at=now())
        return Response(status=204)
