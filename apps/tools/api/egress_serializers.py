"""The way out of tool calls as JSON."""

from rest_framework import serializers

from agentplatform.api.serializers import StrictQuery, StrictSerializer
from agentplatform.settings.host_rules import MAX_METHODS
from apps.tools.models import EgressRequest, EgressRule


class EgressRuleWrite(StrictSerializer):
    """A host that tool calls may reach."""

    host = serializers.CharField(
        max_length=255, help_text="api.example.org, or *.example.org for every subdomain."
    )
    port = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=65535, help_text="None: 80 and 443."
    )
    methods = serializers.ListField(
        child=serializers.CharField(max_length=20),
        default=list,
        max_length=MAX_METHODS,
        help_text="Empty: any. With methods, programs in a sandbox cannot use https there.",
    )


class EgressRuleRead(serializers.ModelSerializer[EgressRule]):
    """`is_from_staff`: the platform's staff has added it, and deletes it."""

    class Meta:
        model = EgressRule
        fields = ("id", "host", "port", "methods", "is_from_staff", "created_at")


class EgressRequestQuery(StrictQuery):
    """Which requests are asked for."""

    run_id = serializers.UUIDField(required=False)
    call_id = serializers.UUIDField(required=False)
    is_refused = serializers.BooleanField(required=False, allow_null=True, default=None)


class EgressRequestRead(serializers.ModelSerializer[EgressRequest]):
    """A request by which a tool call left its sandbox, or, with a `refusal`, wanted to. `method` is
    CONNECT for a tunnel and DNS for a name that was only asked for; `via` is what sent it."""

    class Meta:
        model = EgressRequest
        fields = (
            "id",
            "run_id",
            "step_id",
            "call_id",
            "via",
            "method",
            "host",
            "port",
            "address",
            "refusal",
            "status",
            "sent_bytes",
            "received_bytes",
            "duration_ms",
            "at",
        )
