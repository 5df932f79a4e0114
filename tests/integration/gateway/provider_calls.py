"""The gateway's providers, driven against the test provider."""

import asyncio
from typing import Any

from agentplatform.settings.environment import Environment
from apps.gateway.contracts import CompletionRequest, Message, ToolSpec, ToolUse
from apps.gateway.providers.errors import ProviderError
from apps.gateway.providers.port import Answer, OnText
from apps.gateway.providers.port import Provider as Port
from apps.gateway.providers.registry import make_providers
from tests.provider import Provider

HELLO = (Message(role="user", content="Hello."),)
WEATHER = ToolSpec(
    name="weather",
    description="The weather of a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "minLength": 2}, "days": {"type": "integer"}},
        "required": ["city"],
    },
)
FORECAST = ToolSpec(name="forecast", description="Later.", parameters=WEATHER.parameters)


def ask(*messages: Message, **more: Any) -> CompletionRequest:
    """A request; without messages it says hello."""
    return CompletionRequest(messages=messages or HELLO, **more)


def call(
    provider: Provider,
    name: str,
    request: CompletionRequest,
    *,
    model: str,
    max_tokens: int = 500,
    timeout_seconds: float = 10.0,
    key: str = "k",
    on_text: OnText | None = None,
    settings: dict[str, Any] | None = None,
) -> Answer:
    """One attempt of the gateway's provider `name`. Raises what it raises."""

    async def complete() -> Answer:
        chosen = make(provider, name, key=key, **(settings or {}))
        try:
            return await chosen.complete(
                request,
                model=model,
                max_tokens=max_tokens,
                timeout_seconds=timeout_seconds,
                on_text=on_text,
            )
        finally:
            await chosen.close()

    return asyncio.run(complete())


def make(
    provider: Provider, name: str, *, key: str = "k", url: str | None = None, **more: Any
) -> Port:
    """The gateway's provider `name`, which calls the test provider, or `url`; `more` settings."""
    openai, anthropic = provider.openai_base_url, provider.anthropic_base_url
    if url is not None:
        openai = anthropic = url
    settings: dict[str, dict[str, Any]] = {
        "openai": {"openai_api_key": key, "openai_base_url": openai},
        "anthropic": {"anthropic_api_key": key, "anthropic_base_url": anthropic},
        "local": {"local_llm_api_key": key, "local_llm_base_url": openai},
    }
    off = {"openai_api_key": "", "anthropic_api_key": "", "local_llm_base_url": ""}
    return make_providers(Environment(**(off | settings[name] | more)))[name]


def fail(provider: Provider, name: str, request: CompletionRequest, **how: Any) -> ProviderError:
    """The error of an attempt that must fail."""
    try:
        answer = call(provider, name, request, **how)
    except ProviderError as error:
        return error
    raise AssertionError(f"no error, but {answer}")


def rounds(count: int) -> tuple[Message, ...]:
    """A conversation with `count` rounds of two parallel tool calls."""
    messages = [Message(role="system", content="Be brief."), *HELLO]
    for number in range(count):
        uses = tuple(
            ToolUse(id=f"call_{number}_{city}", name="weather", arguments={"city": city})
            for city in ("Rome", "Oslo")
        )
        messages.append(Message(role="assistant", tool_calls=uses))
        messages += [Message(role="tool", tool_call_id=use.id, content="sunny") for use in uses]
    return tuple(messages)
