"""The rate limits of users and API keys over HTTP. The tenant's own is set by the platform, and
bounds them all."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from apps.tenants.api.rate_limit_serializers import RateLimitRead, RateLimitWrite
from apps.tenants.contracts import EACH_USER, RateOwner
from apps.tenants.facade import principal_of
from apps.tenants.models import RateLimit
from apps.tenants.services.rate_limit import find_rate_limit, remove_rate_limit, set_rate_limit


@extend_schema(tags=["rate-limits"])
class RateLimitList(PagedView):
    """Every rate limit that differs from the platform's defaults, newest first."""

    required_right_to_read = "admin"

    @extend_schema(responses=RateLimitRead(many=True), operation_id="rate_limits_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        limits = RateLimit.objects.filter(tenant_id=principal_of(request).tenant_id)
        return self.answer_page(request, limits, RateLimitRead)


class _OneRateLimit(APIView):
    required_right = "admin"
    required_right_to_read = "admin"

    def _show(self, request: Request, owner: RateOwner) -> Response:
        limit = find_rate_limit(tenant_id=principal_of(request).tenant_id, owner=owner)
        if limit is None:
            raise NotFound("There is no rate limit of this owner; the platform's default holds.")
        return Response(RateLimitRead(limit).data)

    def _set(self, request: Request, owner: RateOwner) -> Response:
        body = RateLimitWrite(data=request.data)
        body.is_valid(raise_exception=True)
        limit, is_new = set_rate_limit(
            tenant_id=principal_of(request).tenant_id, owner=owner, rate=body.rate(), at=now()
        )
        return Response(RateLimitRead(limit).data, status=201 if is_new else 200)

    def _remove(self, request: Request, owner: RateOwner) -> Response:
        remove_rate_limit(tenant_id=principal_of(request).tenant_id, owner=owner, at=now())
        return Response(status=204)


_WRITE = extend_schema(request=RateLimitWrite, responses={200: RateLimitRead, 201: RateLimitRead})
_REMOVE = extend_schema(responses={204: None})


@extend_schema(tags=["rate-limits"], responses=RateLimitRead)
class UserRateLimit(_OneRateLimit):
    """The rate limit of a user, over all their keys; DELETE gives the default back."""

    def get(self, request: Request, user_id: UUID) -> Response:
        return self._show(request, RateOwner(user_id=user_id))

    @_WRITE
    def put(self, request: Request, user_id: UUID) -> Response:
        return self._set(request, RateOwner(user_id=user_id))

    @_REMOVE
    def delete(self, request: Request, user_id: UUID) -> Response:
        return self._remove(request, RateOwner(user_id=user_id))


@extend_schema(tags=["rate-limits"], responses=RateLimitRead)
class ApiKeyRateLimit(_OneRateLimit):
    """The rate limit of an API key; DELETE lifts it."""

    def get(self, request: Request, api_key_id: UUID) -> Response:
        return self._show(request, RateOwner(api_key_id=api_key_id))

    @_WRITE
    def put(self, request: Request, api_key_id: UUID) -> Response:
        return self._set(request, RateOwner(api_key_id=api_key_id))

    @_REMOVE
    def delete(self, request: Request, api_key_id: UUID) -> Response:
        return self._remove(request, RateOwner(api_key_id=api_key_id))


@extend_schema(tags=["rate-limits"], responses=RateLimitRead)
class EachUserRateLimit(_OneRateLimit):
    """The rate limit of each user who has none of their own; DELETE gives the default back."""

    def get(self, request: Request) -> Response:
        return self._show(request, EACH_USER)

    @_WRITE
    def put(self, request: Request) -> Response:
        return self._set(request, EACH_USER)

    @_REMOVE
    def delete(self, request: Request) -> Response:
        return self._remove(request, EACH_USER)
