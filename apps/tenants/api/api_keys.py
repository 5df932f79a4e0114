"""The API keys of a tenant over HTTP."""

from collections.abc import Iterable
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput, NotFound
from apps.tenants.api.serializers import ApiKeyMade, ApiKeyRead, ApiKeyRotation, ApiKeyWrite
from apps.tenants.contracts import NewApiKey
from apps.tenants.facade import principal_of
from apps.tenants.models import ApiKey
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.services.rotate_api_key import rotate_api_key


def key_or_404(request: Request, api_key_id: UUID) -> ApiKey:
    """A key of the requester's tenant. Raises NotFound for another tenant's alike."""
    tenant_id = principal_of(request).tenant_id
    key = ApiKey.objects.filter(tenant_id=tenant_id, id=api_key_id).first()
    if key is None:
        raise NotFound(f"There is no API key {api_key_id}.")
    return key


@extend_schema(tags=["api-keys"])
class ApiKeyList(PagedView):
    """POST makes a key and shows it once; GET lists keys, ended ones too, newest first."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(responses=ApiKeyRead(many=True), operation_id="api_keys_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        keys = ApiKey.objects.filter(tenant_id=principal_of(request).tenant_id)
        return self.answer_page(request, keys, ApiKeyRead)

    @extend_schema(request=ApiKeyWrite, responses={201: ApiKeyMade})
    def post(self, request: Request) -> Response:
        body = ApiKeyWrite(data=request.data)
        body.is_valid(raise_exception=True)
        _require_held(request, body.validated_data["scopes"])
        made = create_api_key(
            tenant_id=principal_of(request).tenant_id, at=now(), **body.validated_data
        )
        return _shown_once(request, made)


@extend_schema(tags=["api-keys"])
class ApiKeyDetail(APIView):
    """One key; DELETE revokes it."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(responses=ApiKeyRead)
    def get(self, request: Request, api_key_id: UUID) -> Response:
        return Response(ApiKeyRead(key_or_404(request, api_key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, api_key_id: UUID) -> Response:
        revoke_api_key(tenant_id=principal_of(request).tenant_id, api_key_id=api_key_id, at=now())
        return Response(status=204)


@extend_schema(tags=["api-keys"])
class ApiKeyRotate(APIView):
    """Make the successor of a key, which goes on working for a while."""

    required_right = "admin"

    @extend_schema(request=ApiKeyRotation, responses={201: ApiKeyMade})
    def post(self, request: Request, api_key_id: UUID) -> Response:
        body = ApiKeyRotation(data=request.data)
        body.is_valid(raise_exception=True)
        _require_held(request, key_or_404(request, api_key_id).scopes)
        made = rotate_api_key(
            tenant_id=principal_of(request).tenant_id,
            api_key_id=api_key_id,
            at=now(),
            **body.validated_data,
        )
        return _shown_once(request, made)


def _require_held(request: Request, scopes: Iterable[str]) -> None:
    """Nobody gets hold of a right through a key that they make."""
    missing = sorted(set(scopes) - principal_of(request).rights)
    if missing:
        raise InvalidInput(
            "A key cannot hold more rights than its maker.",
            errors={"scopes": [f"You do not hold {', '.join(missing)}."]},
        )


def _shown_once(request: Request, made: NewApiKey) -> Response:
    key = key_or_404(request, made.api_key_id)
    return Response(ApiKeyMade(key, context={"secret": made.secret}).data, status=201)
