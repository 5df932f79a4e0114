"""Hold a model's text against the schema that was asked for."""

import json
from collections.abc import Sequence
from typing import Any

from agentplatform.core.json_schema import find_mismatch
from agentplatform.core.json_values import clean_json
from apps.gateway.contracts import CompletionRequest, ToolUse, Usage
from apps.gateway.providers.errors import InvalidOutput


def read_output(
    text: str, request: CompletionRequest, *, tool_calls: Sequence[ToolUse], usage: Usage
) -> Any:
    """The decoded text of an answer to `request`; None where it calls tools or nobody asked for
    JSON. Raises InvalidOutput when it breaks the schema, unless the caller mends that or takes it
    as it is."""
    if request.is_verbatim:
        return None
    try:
        return parse_output(text, None if tool_calls else request.response_schema, usage=usage)
    except InvalidOutput:
        if request.is_mended:
            return None
        raise


def parse_output(text: str, schema: dict[str, Any] | None, *, usage: Usage) -> Any:
    """The decoded text, None without a schema. Raises InvalidOutput when it breaks the schema."""
    if schema is None:
        return None
    try:
        value = clean_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidOutput("The model's answer is no JSON.", usage=usage) from error
    if mismatch := find_mismatch(value, schema):
        where = mismatch.path or "its root"
        raise InvalidOutput(
            f"The model's answer breaks the schema at {where}: {mismatch.message}", usage=usage
        )
    return value


def schema_in_words(schema: dict[str, Any]) -> str:
    """The wish for JSON of a schema that the provider cannot enforce."""
    return f"Answer only with JSON that satisfies this JSON schema: {json.dumps(schema)}"


def parse_arguments(text: str, *, tool: str, usage: Usage) -> dict[str, Any]:
    """The decoded arguments of a tool call. Raises InvalidOutput unless they are a JSON object."""
    try:
        arguments = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidOutput(
            f"The model called {tool} with arguments that are no JSON.", usage=usage
        ) from error
    if not isinstance(arguments, dict):
        raise InvalidOutput(
            f"The model called {tool} with arguments that are no object.", usage=usage
        )
    return dict(clean_json(arguments))
