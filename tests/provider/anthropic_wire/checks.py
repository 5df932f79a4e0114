"""The rules that Anthropic sets for a messages request."""

import re
from collections.abc import Callable
from typing import Any

from tests.provider.anthropic_wire.cache import check_marks
from tests.provider.anthropic_wire.conversation import check_messages
from tests.provider.checks import is_count, is_number, refuse_unless
from tests.provider.schemas import check_anthropic_format

Body = dict[str, Any]
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
KNOWN = frozenset({
    "model", "messages", "max_tokens", "cache_control", "container", "diagnostics", "inference_geo",
    "metadata", "output_config", "service_tier", "speed", "stop_sequences", "stream", "system",
    "thinking", "tool_choice", "tools", "user_profile_id",
})  # fmt: skip
SAMPLING = frozenset({"temperature", "top_k", "top_p"})
BOUNDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "max_tokens": (is_count, "Input should be a valid integer greater than or equal to 1"),
    "temperature": (lambda value: is_number(value, 0, 1), "Input should be between 0 and 1"),
    "top_p": (lambda value: is_number(value, 0, 1), "Input should be between 0 and 1"),
    "top_k": (lambda value: is_count(value, 0), "Input should be a valid integer"),
    "stream": (lambda value: isinstance(value, bool), "Input should be a valid boolean"),
    "system": (lambda value: isinstance(value, str | list), "Input should be a valid string"),
    "stop_sequences": (
        lambda value: (
            isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)
        ),
        "each stop sequence must contain non-whitespace",
    ),
}


def check_message_request(
    body: Body,
    *,
    required: tuple[str, ...] = ("max_tokens", "messages"),
    has_sampling: bool = False,
) -> None:
    """Raises Refusal for a request that Anthropic would not take. `has_sampling`: of the older API
    version, which knows temperature and the like."""
    for name in required:
        refuse_unless(body.get(name) is not None, f"{name}: Field required")
    known = KNOWN | SAMPLING if has_sampling else KNOWN
    for name in sorted(body.keys() - known):
        refuse_unless(False, f"{name}: Extra inputs are not permitted")
    for name, (is_right, message) in BOUNDS.items():
        refuse_unless(name not in body or is_right(body[name]), f"{name}: {message}")
    check_messages(body["messages"])
    _check_tools(body)
    check_marks(body)
    _check_output(body.get("output_config"))


def _check_tools(body: Body) -> None:
    tools = body.get("tools") or []
    for index, tool in enumerate(tools):
        _check_tool(tool, f"tools.{index}.custom")
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice.get("type") if isinstance(choice, dict) else None
    refuse_unless(
        kind in ("auto", "any", "tool", "none"),
        f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected "
        "tags: 'auto', 'any', 'tool', 'none'",
    )
    refuse_unless(bool(tools), "tool_choice: may only be specified while providing tools")
    refuse_unless(
        kind != "tool" or choice.get("name") in {tool["name"] for tool in tools},
        f"tool_choice: Tool '{choice.get('name')}' not found in provided tools",
    )


def _check_tool(tool: Any, path: str) -> None:
    refuse_unless(isinstance(tool, dict), f"{path}: Input should be a valid dictionary")
    name, schema = tool.get("name"), tool.get("input_schema")
    refuse_unless(
        isinstance(name, str) and TOOL_NAME.fullmatch(name) is not None,
        f"{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'",
    )
    refuse_unless(isinstance(schema, dict), f"{path}.input_schema: Field required")
    refuse_unless(
        schema.get("type") == "object", f"{path}.input_schema.type: Input should be 'object'"
    )
    wrong = check_anthropic_format(schema) if tool.get("strict") else None
    refuse_unless(wrong is None, f"{path}.input_schema: {wrong}")


def _check_output(config: Any) -> None:
    wanted = config.get("format") if isinstance(config, dict) else None
    if wanted is None:
        return
    refuse_unless(
        isinstance(wanted, dict) and wanted.get("type") == "json_schema",
        "output_config.format.type: Input should be 'json_schema'",
    )
    schema = wanted.get("schema")
    refuse_unless(isinstance(schema, dict), "output_config.format.schema: Field required")
    wrong = check_anthropic_format(schema)
    refuse_unless(wrong is None, f"output_config.format.schema: {wrong}")
