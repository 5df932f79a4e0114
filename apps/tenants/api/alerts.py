"""What somebody of the tenant should look at, over HTTP."""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import StrictQuery
from apps.tenants.contracts import AlertFilter, AlertKind
from apps.tenants.facade import principal_of
from apps.tenants.models import Alert
from apps.tenants.selectors import alerts_of
from apps.tenants.services.budget_alert import budget_details
from apps.tenants.services.describe_alert import describe_alert
from apps.tenants.states import ALERT_KINDS


class AlertQuery(StrictQuery):
    """Which alerts are asked for."""

    kind = serializers.ChoiceField(choices=get_args(AlertKind), required=False)
    subject = serializers.CharField(
        required=False, max_length=255, help_text="user:ID, key:ID, run:ID, tenant:ID or a model."
    )
    since = serializers.DateTimeField(required=False, help_text="From this time.")
    until = serializers.DateTimeField(required=False, help_text="Before this time.")


class AlertRead(serializers.ModelSerializer[Alert]):
    """What somebody should look at, said once an occasion. `details` depend on the kind; amounts in
    them are decimal strings."""

    kind = serializers.ChoiceField(choices=ALERT_KINDS)
    message = serializers.SerializerMethodField(help_text="In words.")
    details = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = ("id", "kind", "subject", "message", "details", "created_at")

    def get_message(self, alert: Alert) -> str:
        return describe_alert(alert)

    @extend_schema_field(serializers.DictField())
    def get_details(self, alert: Alert) -> dict[str, Any]:
        told: dict[str, Any] = alert.details
        return budget_details(told) if alert.kind.startswith("budget") else told


@extend_schema(tags=["alerts"], parameters=[AlertQuery])
class AlertList(PagedView):
    """Budgets that reached a threshold or refused a call, and calls that no provider answered,
    newest first."""

    required_right_to_read = "admin"

    @extend_schema(responses=AlertRead(many=True), operation_id="alerts_list")
    def get(self, request: Request) -> Response:
        query = AlertQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = AlertFilter(**query.validated_data)
        alerts = alerts_of(tenant_id=principal_of(request).tenant_id, wanted=wanted)
        return self.answer_page(request, alerts, AlertRead)
