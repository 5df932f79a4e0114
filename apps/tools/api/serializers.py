"""Artifacts as the API shows them."""

from typing import Any

from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer


class ArtifactWrite(StrictSerializer):
    """An upload: multipart/form-data with one file."""

    file = serializers.FileField(max_length=255, allow_empty_file=True)


class ArtifactRead(serializers.Serializer[Any]):
    """A stored file."""

    artifact_id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    media_type = serializers.CharField(read_only=True)
    size_bytes = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)


class ThumbnailRead(serializers.Serializer[Any]):
    """A thumbnail that is not there yet: ask again."""

    thumbnail = serializers.CharField(read_only=True)


class ArtifactLinkWrite(StrictSerializer):
    """How long the link is to work; at most ARTIFACT_LINK_SECONDS, 300 when nothing is said."""

    seconds = serializers.IntegerField(min_value=1, required=False)


class ArtifactLinkRead(serializers.Serializer[Any]):
    """An address that gives the file to whoever has it."""

    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class ToolLimitsRead(serializers.Serializer[Any]):
    """How much one call of a tool may use; `wall_seconds`, whatever time it asks for."""

    tool = serializers.CharField(read_only=True)
    wall_seconds = serializers.FloatField(read_only=True)
    cpus = serializers.FloatField(read_only=True)
    memory_bytes = serializers.IntegerField(read_only=True)
    processes = serializers.IntegerField(read_only=True)
    work_bytes = serializers.IntegerField(read_only=True)
    inodes = serializers.IntegerField(read_only=True)
    output_bytes = serializers.IntegerField(read_only=True)
    artifacts = serializers.IntegerField(read_only=True)
    artifact_bytes = serializers.IntegerField(read_only=True)
    artifacts_bytes = serializers.IntegerField(read_only=True)
