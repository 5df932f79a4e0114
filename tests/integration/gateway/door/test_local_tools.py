"""Tool calls of the local model, which has none of its own."""

from typing import Any

import pytest

from tests.integration.gateway.door.test_chat_features import HELLO, WEATHER, Callers, Gateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
def test_a_call_of_the_local_model_that_is_cut_says_so(
    gateway: Gateway, caller: Callers, is_streamed: bool
) -> None:
    gateway(on="local", local_llm_model="smollm")
    how: Any = {"model": "default", "messages": HELLO, "tools": [WEATHER], "max_tokens": 3}
    completions = caller().sdk().chat.completions
    if is_streamed:
        reasons = [one.choices[0].finish_reason for one in completions.create(stream=True, **how)]
    else:
        reasons = [completions.create(**how).choices[0].finish_reason]
    assert reasons[-1] == "length"


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
def test_the_local_model_calls_tools_that_it_does_not_have(
    gateway: Gateway, caller: Callers, is_streamed: bool
) -> None:
    gateway(on="local", local_llm_model="smollm")
    how: Any = {"model": "default", "messages": HELLO, "tools": [WEATHER]}
    named: Any = {"type": "function", "function": {"name": "weather"}}
    completions = caller().sdk().chat.completions
    if is_streamed:
        with completions.stream(**how, tool_choice=named) as stream:
            choice: Any = stream.get_final_completion().choices[0]
    else:
        choice = completions.create(**how, tool_choice=named).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert {call.function.name for call in choice.message.tool_calls} == {"weather"}
