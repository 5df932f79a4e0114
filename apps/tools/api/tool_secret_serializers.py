"""Secrets of tools as JSON."""

from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer
from apps.tools.models import ToolSecret
from apps.tools.models.tool_secret import MAX_HOST, MAX_HOSTS
from apps.tools.services.set_tool_secret import MAX_VALUE


class ToolSecretWrite(StrictSerializer):
    """What PUT /tool-secrets/{name} takes. The value is never shown."""

    value = serializers.CharField(
        default=None,
        allow_null=True,
        max_length=MAX_VALUE,
        trim_whitespace=False,
        write_only=True,
        help_text="Left out: the present value stays.",
    )
    hosts = serializers.ListField(
        child=serializers.CharField(max_length=MAX_HOST),
        min_length=1,
        max_length=MAX_HOSTS,
        help_text="It is sent to these alone: api.example.org, *.example.com, "
        "api.example.org:8443; over https, unless http:// stands before the host. "
        "A new one needs the value again.",
    )
    sent_as = serializers.ChoiceField(
        choices=[(choice.value, choice.label) for choice in ToolSecret.SentAs], default="bearer"
    )
    parameter = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=100,
        help_text="The name of the header or the query parameter; for basic, the user.",
    )


class ToolSecretRead(serializers.ModelSerializer[ToolSecret]):
    """A secret of tools without its value."""

    class Meta:
        model = ToolSecret
        fields = ("name", "hosts", "sent_as", "parameter", "created_at", "updated_at")
