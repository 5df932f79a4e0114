"""Any OpenAI-compatible server: llama.cpp, vLLM, Ollama. Tools are emulated by a schema."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from agentplatform.core.json_values import clean_text
from apps.gateway.contracts import CompletionRequest, EmbeddingRequest, Usage
from apps.gateway.providers.emulated_answer import answer_alone, said_in
from apps.gateway.providers.emulated_choice import choice_of, tell_end, text_teller
from apps.gateway.providers.emulation import answer_schema, instructions, is_emulated, read_calls
from apps.gateway.providers.errors import ContextTooLong, Unsupported
from apps.gateway.providers.grammar_schema import bounded_schema
from apps.gateway.providers.openai_chat import ask_chat, openai_transport
from apps.gateway.providers.openai_embeddings import ask_embeddings
from apps.gateway.providers.openai_wire import read_answer
from apps.gateway.providers.output import read_output
from apps.gateway.providers.plain_messages import Turn, bound_turns, fit_window, plain_turns
from apps.gateway.providers.port import Answer, OnChoice, OnText, attempt_headers
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.told_choice import told_choice
from apps.gateway.providers.wire_errors import reading_answer

# A chat template may add a system prompt of its own.
_TEMPLATE_TOKENS = 64
_SMALLEST_WINDOW = 128
_SHRINK = 0.6
_OPTIONS = (
    "stop", "top_p", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
    "top_logprobs",
)  # fmt: skip


class LocalProvider:
    """`context_tokens` is the window of one call; a longer conversation is cut to it, and so is the
    answer, so that a conversation never fails for its length."""

    name = "local"

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        default_model: str,
        context_tokens: int,
        reach: Reach = REACH,
    ) -> None:
        self.default_model = default_model
        self.base_url = base_url
        self._context_tokens = context_tokens
        self._transport = openai_transport(
            api_key=api_key or "none", base_url=base_url, reach=reach
        )

    def bound_prompt(self, request: CompletionRequest, *, model: str) -> int:  # noqa: ARG002
        turns = self._turns(request, self._context_tokens)
        return min(self._context_tokens, bound_turns(turns) + _TEMPLATE_TOKENS)

    async def complete(
        self,
        request: CompletionRequest,
        *,
        model: str,
        max_tokens: int,
        timeout_seconds: float,
        on_text: OnText | None = None,
        on_choice: OnChoice | None = None,
        attempt_id: UUID | None = None,
    ) -> Answer:
        if any(message.shown for message in request.messages):
            raise Unsupported("The local model reads no images and no PDFs.")
        until = asyncio.get_running_loop().time() + timeout_seconds
        max_tokens = self._answer_tokens(max_tokens)
        on_part = on_choice if is_emulated(request) else None
        body = {"model": model, "max_tokens": max_tokens, **_options(request, max_tokens)}
        turns, response = await self._ask_smaller(
            request,
            body,
            on_text=text_teller(on_part) if on_part else on_text,
            on_choice=None if on_part else on_choice,
            headers=attempt_headers(attempt_id),
            until=until,
        )

        def guess() -> Usage:
            return Usage(prompt_tokens=bound_turns(turns), completion_tokens=max_tokens)

        plain = request.model_copy(update={"response_schema": None, "is_verbatim": False})
        with reading_answer():
            answer = read_answer(
                response, request=plain, provider=self.name, model=model, guess=guess
            )
            answer = _with_output(answer, request)
            if request.is_verbatim and not is_emulated(request):
                answer = replace(answer, choice=told_choice(response["choices"][0]))
        if on_part is not None:
            tell_end(answer.completion, on_part)
        return answer

    async def embed(
        self,
        request: EmbeddingRequest,
        /,
        *,
        model: str,
        timeout_seconds: float,
        attempt_id: UUID | None = None,
    ) -> Answer:
        return await ask_embeddings(
            self._transport,
            request,
            provider=self.name,
            model=model,
            headers=attempt_headers(attempt_id),
            timeout_seconds=timeout_seconds,
        )

    async def close(self) -> None:
        await self._transport.close()

    async def _ask_smaller(
        self,
        request: CompletionRequest,
        body: dict[str, Any],
        *,
        on_text: OnText | None,
        on_choice: OnChoice | None,
        headers: Mapping[str, str],
        until: float,
    ) -> tuple[list[Turn], Any]:
        """The answer, and the turns that were sent for it: as long as the server finds the
        conversation too long, it is cut further."""
        window = self._window(body["max_tokens"])
        while True:
            turns = self._turns(request, window)
            hear = answer_alone(on_text) if on_text and is_emulated(request) else on_text
            asked = {**body, **_messages(turns)}
            try:
                return turns, await ask_chat(
                    self._transport,
                    asked,
                    on_text=hear,
                    on_choice=on_choice,
                    headers=headers,
                    until=until,
                )
            except ContextTooLong:
                if window <= _SMALLEST_WINDOW:
                    raise
                window = int(window * _SHRINK)

    def _answer_tokens(self, max_tokens: int) -> int:
        return min(max_tokens, self._context_tokens // 2)

    def _window(self, max_tokens: int) -> int:
        return max(_SMALLEST_WINDOW, self._context_tokens - max_tokens - _TEMPLATE_TOKENS)

    @staticmethod
    def _turns(request: CompletionRequest, window: int) -> list[Turn]:
        told = instructions(request) if is_emulated(request) else ""
        return fit_window(plain_turns(request.messages, instructions=told), tokens=window)


def _options(request: CompletionRequest, max_tokens: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if is_emulated(request):
        options["response_format"] = _format(answer_schema(request, max_tokens=max_tokens))
    elif request.response_schema is not None:
        options["response_format"] = _format(
            bounded_schema(request.response_schema, max_tokens=max_tokens)
        )
    elif (request.options.get("response_format") or {}).get("type") == "json_object":
        options["response_format"] = {"type": "json_object"}
    if request.temperature is not None:
        options["temperature"] = request.temperature
    return options | {name: request.options[name] for name in _OPTIONS if name in request.options}


def _messages(turns: list[Turn]) -> dict[str, Any]:
    return {"messages": [asdict(turn) for turn in turns]}


def _format(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def _with_output(answer: Answer, request: CompletionRequest) -> Answer:
    """The answer with the tool calls and the JSON that its text holds."""
    completion = answer.completion
    text, tool_calls = completion.text, completion.tool_calls
    if is_emulated(request) and request.is_verbatim and completion.stop_reason == "length":
        text = said_in(text)
    elif is_emulated(request):
        text, tool_calls = read_calls(text, request, usage=completion.usage)
    changes: dict[str, Any] = {
        "text": clean_text(text),
        "tool_calls": tool_calls,
        "parsed": read_output(text, request, tool_calls=tool_calls, usage=completion.usage),
    }
    if tool_calls:
        changes["stop_reason"] = "tool_calls"
    completion = completion.model_copy(update=changes)
    choice = choice_of(completion) if request.is_verbatim else None
    return Answer(completion=completion, has_usage=answer.has_usage, choice=choice)
