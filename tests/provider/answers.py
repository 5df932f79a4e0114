"""What the model says: the same answer to the same question, every time.

With tools on offer it calls tools (two in parallel where that is allowed) until its turns are used
up, then answers in text, or in the smallest JSON that the wanted schema accepts.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.provider.behaviour import Behaviour
from tests.provider.instances import make_instance
from tests.provider.tokens import count_tokens, cut_tokens
from tests.provider.values import REQUEST_ID, Answer, Ask, Call, Stop, Usage

SENTENCE = "This is the answer of the test provider."
WORDS = ("one ", "two ", "six ", "ten ")
USAGE_ABOVE = 1000
MEGABYTE = 1024 * 1024

Script = Sequence[dict[str, Any]]
"""Answers, one a turn: {"text": ...} or {"tool_calls": [{name, arguments}]}; arguments that are a
string are said as they are."""


def compose_answer(ask: Ask, behaviour: Behaviour, script: Script = ()) -> Answer:
    """The answer to `ask`: the script's for this turn if there is one, else the model's own."""
    line = script[min(ask.rounds, len(script) - 1)] if script else None
    calls = _scripted_calls(line) if line is not None else _own_calls(ask, behaviour)
    text = "" if calls else _say(ask, behaviour)
    if line is not None:
        text = str(line.get("text", ""))
    calls = _spoil_calls(calls, behaviour)
    answer = _bounded(ask, behaviour, _spoil_text(text, behaviour), calls)
    return _inflated(answer, behaviour)


def _scripted_calls(line: dict[str, Any]) -> tuple[Call, ...]:
    return tuple(
        _call(index, call["name"], call.get("arguments", {}))
        for index, call in enumerate(line.get("tool_calls", ()))
    )


def _own_calls(ask: Ask, behaviour: Behaviour) -> tuple[Call, ...]:
    if not ask.tools or ask.tool_choice == "none":
        return ()
    if ask.tool_choice.startswith("="):
        wanted = [tool for tool in ask.tools if tool.name == ask.tool_choice[1:]]
    elif ask.tool_choice == "required" or ask.rounds < behaviour.number("turns", 2) - 1:
        count = behaviour.number("tool-parallel", 2) if ask.is_parallel else 1
        wanted = [ask.tools[index % len(ask.tools)] for index in range(count)]
    else:
        wanted = []
    return tuple(
        _call(index, tool.name, make_instance(tool.parameters)) for index, tool in enumerate(wanted)
    )


def _call(index: int, name: str, arguments: Any) -> Call:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return Call(id=f"{REQUEST_ID}_{index}", name=name, arguments=text)


def _say(ask: Ask, behaviour: Behaviour) -> str:
    if ask.schema is not None:
        return json.dumps(make_instance(ask.schema))
    if behaviour.has("tokens"):
        count = behaviour.number("tokens")
        return ("".join(WORDS) * (count // len(WORDS) + 1))[: count * 4].rstrip()
    return SENTENCE


def _spoil_text(text: str, behaviour: Behaviour) -> str:
    if behaviour.has("empty-text"):
        return ""
    if behaviour.has("refusal"):
        return "I cannot help with that."
    if behaviour.has("invalid-output") and text:
        return '["not what was asked for"]'
    if behaviour.has("nul-text") and text:
        return f"before\x00after {text}"
    if behaviour.has("surrogate-text") and text:
        return f"before\ud800after {text}"
    return text


def _spoil_calls(calls: tuple[Call, ...], behaviour: Behaviour) -> tuple[Call, ...]:
    if behaviour.has("refusal", "empty-text", "content-filter"):
        return ()
    if behaviour.has("unknown-tool"):
        return tuple(replace(call, name="no_such_tool") for call in calls)
    spoilt = {
        "bad-arguments": '{"half": ',
        "nan-arguments": '{"value": NaN}',
        "wrong-arguments": '{"no_such_argument": [1]}',
        "nul-text": json.dumps({"text": "before\x00after"}),
        "surrogate-text": json.dumps({"text": "before\ud800after"}),
    }
    for directive, arguments in spoilt.items():
        if behaviour.has(directive):
            return tuple(replace(call, arguments=arguments) for call in calls)
    return calls


def _bounded(ask: Ask, behaviour: Behaviour, text: str, calls: tuple[Call, ...]) -> Answer:
    """The answer cut at its stop sequences and at max_tokens, with what it costs."""
    stop: Stop = "tool_calls" if calls else "stop"
    text, found = _cut_at(text, ask.stop)
    if found is not None:
        stop = "stop_sequence"
    reasoning = behaviour.number("reasoning")
    said = count_tokens(text) + sum(_call_tokens(call) for call in calls)
    room = None if ask.max_tokens is None else ask.max_tokens - reasoning
    if room is not None and said > room:
        text, calls, stop, found = cut_tokens(text, room), _cut_calls(calls, room), "length", None
        said, reasoning = max(0, room), min(reasoning, ask.max_tokens or 0)
    if behaviour.has("content-filter"):
        stop = "content_filter"
    if behaviour.has("refusal"):
        stop = "refusal"
    usage = _usage(ask, behaviour, said * ask.choices + reasoning, reasoning)
    return Answer(text=text, calls=calls, stop=stop, usage=usage, stop_sequence=found)


def _usage(ask: Ask, behaviour: Behaviour, completion: int, reasoning: int) -> Usage:
    cached = min(behaviour.number("cached"), ask.prompt_tokens)
    written = min(behaviour.number("cache-write"), ask.prompt_tokens - cached)
    return Usage(
        prompt_tokens=ask.prompt_tokens,
        completion_tokens=completion + (USAGE_ABOVE if behaviour.has("usage-above") else 0),
        cached_tokens=cached,
        cache_write_tokens=written,
        cache_write_hour_tokens=min(behaviour.number("cache-hour"), written),
        reasoning_tokens=reasoning,
    )


def _cut_at(text: str, sequences: tuple[str, ...]) -> tuple[str, str | None]:
    found = [(text.index(sequence), sequence) for sequence in sequences if sequence in text]
    if not found:
        return text, None
    end, sequence = min(found)
    return text[:end], sequence


def _call_tokens(call: Call) -> int:
    return count_tokens(call.name) + count_tokens(call.arguments)


def _cut_calls(calls: tuple[Call, ...], room: int) -> tuple[Call, ...]:
    kept = []
    for call in calls:
        left = room - count_tokens(call.name)
        if left <= 0:
            break
        kept.append(replace(call, arguments=cut_tokens(call.arguments, left)))
        room -= _call_tokens(call)
    return tuple(kept)


def _inflated(answer: Answer, behaviour: Behaviour) -> Answer:
    if not behaviour.has("body"):
        return answer
    return replace(answer, text=answer.text + "x" * (behaviour.number("body") * MEGABYTE))
