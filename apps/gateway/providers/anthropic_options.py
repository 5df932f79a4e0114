"""What a caller wishes by OpenAI's names, in Anthropic's words. What Anthropic does not have is
dropped: seed, penalties, logprobs, sampling and the like change no answer's form."""

from typing import Any, Final

_EFFORTS: Final = {"none": "low", "minimal": "low"}
_JSON_IN_WORDS: Final = "Answer only with a JSON object."


def add_options(body: dict[str, Any], options: dict[str, Any]) -> None:
    """Add to the `body` of a request what its options ask for."""
    if stop := options.get("stop"):
        body["stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    if user := options.get("safety_identifier") or options.get("user"):
        body["metadata"] = {"user_id": user}
    if options.get("parallel_tool_calls") is False and "tools" in body:
        choice = body["tool_choice"]
        if choice["type"] != "none":
            body["tool_choice"] = {**choice, "disable_parallel_tool_use": True}
    if effort := options.get("reasoning_effort"):
        config = body.get("output_config", {})
        body["output_config"] = {**config, "effort": _EFFORTS.get(effort, effort)}
    if (options.get("response_format") or {}).get("type") == "json_object":
        body["system"] = f"{body.get('system', '')}\n\n{_JSON_IN_WORDS}".strip()
