"""A tool call as the API shows it."""

from typing import Any

from rest_framework import serializers

from agentplatform.calls.states import CALL


class ToolCallFailure(serializers.Serializer[Any]):
    """Why a call failed; `detail` says what to change."""

    code = serializers.CharField()
    detail = serializers.CharField()
    is_retryable = serializers.BooleanField()


class ToolCallRead(serializers.Serializer[Any]):
    """`result` is what the tool left; a call that failed may have one beside its `error`.
    `arguments` are shown without secrets. What is not known is null."""

    call_id = serializers.UUIDField(source="id")
    run_id = serializers.UUIDField()
    step_id = serializers.UUIDField()
    attempt = serializers.IntegerField()
    turn = serializers.IntegerField()
    index = serializers.IntegerField()
    tool = serializers.CharField()
    action = serializers.CharField()
    status = serializers.ChoiceField(choices=CALL.states)
    arguments = serializers.JSONField()
    result = serializers.JSONField(source="response", allow_null=True)
    error = ToolCallFailure(allow_null=True)
    timeout_seconds = serializers.FloatField()
    is_repeatable = serializers.BooleanField()
    executions = serializers.IntegerField()
    backend = serializers.CharField()
    task_arn = serializers.CharField()
    duration_ms = serializers.IntegerField()
    cpu_ms = serializers.IntegerField(allow_null=True)
    peak_memory_bytes = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
