"""Tools as the API shows them."""

from typing import Any

from rest_framework import serializers


class ToolRead(serializers.Serializer[Any]):
    """A tool: where it comes from, and the JSON schemas of its arguments and of its value (null:
    none is promised)."""

    name = serializers.CharField(read_only=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a Field has one too
        read_only=True, help_text="built-in, operator or mcp."
    )
    description = serializers.CharField(read_only=True)
    parameters = serializers.JSONField(read_only=True)
    result = serializers.JSONField(read_only=True)
