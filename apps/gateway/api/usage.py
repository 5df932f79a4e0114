"""What a tenant's model calls used, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from agentplatform.core.clock import now
from apps.gateway.api.serializers import UsagePage, UsageQuery, cursor_after
from apps.gateway.contracts import Usages
from apps.gateway.selectors import sum_usage
from apps.tenants.facade import principal_of, time_zone_of


@extend_schema(tags=["usage"], parameters=[UsageQuery], responses=UsagePage)
class UsageList(APIView):
    """Tokens and cost by day, provider, model, user, API key or run, with every provider attempt of
    the model calls that are kept."""

    required_right_to_read = "admin"

    def get(self, request: Request) -> Response:
        tenant_id = principal_of(request).tenant_id
        context = {"time_zone": time_zone_of(tenant_id), "at": now()}
        query = UsageQuery(data=request.query_params, context=context)
        query.is_valid(raise_exception=True)
        question = query.question(tenant_id=tenant_id)
        found = sum_usage(question)
        page: dict[str, Any] = {
            "next": _next(request, found),
            "previous": None,
            "since": question.since,
            "until": question.until,
            "time_zone": question.time_zone,
            "totals": found.total,
            "results": found.groups,
        }
        return Response(UsagePage(page).data)


def _next(request: Request, found: Usages) -> str | None:
    if not found.has_more:
        return None
    address = request.build_absolute_uri()
    next_address: str = replace_query_param(address, "cursor", cursor_after(found.groups[-1]))
    return next_address
