"""MCP servers as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer


class McpServerWrite(StrictSerializer):
    """A server to register. `secret` names a tool secret that it is sent."""

    name = serializers.CharField(max_length=24, help_text="Its tools are called <name>__<tool>.")
    url = serializers.CharField(max_length=2000, help_text="Of its streamable HTTP endpoint.")
    secret = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)


class McpServerChange(StrictSerializer):
    """What may change without asking the server."""

    is_enabled = serializers.BooleanField(required=False)
    secret = serializers.CharField(max_length=63, required=False, allow_blank=True)


class McpToolRead(serializers.Serializer[Any]):
    """A tool of a server: its name there, and the name by which it is called here."""

    name = serializers.CharField(read_only=True)
    called = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    is_repeatable = serializers.BooleanField(read_only=True)


class McpServerRead(serializers.Serializer[Any]):
    """A registered server with the tools that it listed when it was last asked. `left_out` says
    of each tool that cannot be used why."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True)
    secret = serializers.CharField(read_only=True)
    is_enabled = serializers.BooleanField(read_only=True)
    protocol_version = serializers.CharField(read_only=True)
    tools = McpToolRead(many=True, read_only=True)
    left_out = serializers.ListField(child=serializers.CharField(), read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    refreshed_at = serializers.DateTimeField(read_only=True)
