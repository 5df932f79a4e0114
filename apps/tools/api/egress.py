"""The way out of tool calls over HTTP: the tenant's rules, and the requests of its calls."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from apps.tenants.facade import principal_of
from apps.tools.api.egress_serializers import (
    EgressRequestQuery,
    EgressRequestRead,
    EgressRuleRead,
    EgressRuleWrite,
)
from apps.tools.models import EgressRule
from apps.tools.selectors import egress_requests
from apps.tools.services.set_egress_rule import add_egress_rule, delete_egress_rule


@extend_schema(tags=["egress"])
class EgressRuleList(APIView):
    """Hosts that the tool calls of the tenant may reach; the operator's count beside them."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(responses=EgressRuleRead(many=True), operation_id="egress_rules_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        rows = EgressRule.objects.filter(tenant_id=principal_of(request).tenant_id)
        return Response(EgressRuleRead(rows.order_by("id"), many=True).data)

    @extend_schema(request=EgressRuleWrite, responses={201: EgressRuleRead})
    def post(self, request: Request) -> Response:
        body = EgressRuleWrite(data=request.data)
        body.is_valid(raise_exception=True)
        row = add_egress_rule(
            tenant_id=principal_of(request).tenant_id, at=now(), **body.validated_data
        )
        return Response(EgressRuleRead(row).data, status=201)


@extend_schema(tags=["egress"])
class EgressRuleDetail(APIView):
    """DELETE: from the next call on the rule does not hold."""

    required_right = "admin"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, rule_id: UUID) -> Response:
        delete_egress_rule(tenant_id=principal_of(request).tenant_id, rule_id=rule_id, at=now())
        return Response(status=204)


@extend_schema(tags=["egress"], parameters=[EgressRequestQuery])
class EgressRequestList(PagedView):
    """What tool calls asked of the outside, and what was refused, newest first."""

    required_right_to_read = "read"

    @extend_schema(responses=EgressRequestRead(many=True), operation_id="egress_requests_list")
    def get(self, request: Request) -> Response:
        query = EgressRequestQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = egress_requests(tenant_id=principal_of(request).tenant_id, **query.validated_data)
        return self.answer_page(request, rows, EgressRequestRead)
