"""Values that cross the border of the gateway: one request and one answer for every provider."""

from apps.gateway.contracts.answers import Completion, StopReason, TextDelta, Usage
from apps.gateway.contracts.requests import (
    CacheTime,
    CompletionRequest,
    EmbeddingRequest,
    Message,
    ModelRequest,
    Part,
    ToolSpec,
    ToolUse,
)
from apps.gateway.contracts.usage import (
    GroupKey,
    ModelUsage,
    RunUsage,
    UsageQuestion,
    Usages,
    UsageSums,
)

__all__ = [
    "CacheTime",
    "Completion",
    "CompletionRequest",
    "EmbeddingRequest",
    "GroupKey",
    "Message",
    "ModelRequest",
    "ModelUsage",
    "Part",
    "RunUsage",
    "StopReason",
    "TextDelta",
    "ToolSpec",
    "ToolUse",
    "Usage",
    "UsageQuestion",
    "UsageSums",
    "Usages",
]
