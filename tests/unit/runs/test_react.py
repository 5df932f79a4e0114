"""The react graph asks for the outside world by interrupts, and survives a change of process."""

from itertools import pairwise
from typing import Any

import pytest

from apps.runs.agents.graph import Ended, GraphInput, Paused, resume_graph, start_graph
from apps.runs.agents.react import MAX_CALLS, build_react

REACT = build_react().compile()
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def start(**options: Any) -> Paused:
    paused = start_graph(
        REACT,
        GraphInput(
            messages=[{"role": "user", "content": "Hello"}],
            options={"tools": {"add": SCHEMA}, "max_turns": 3, "min_turns": 0, **options},
        ),
    )
    assert isinstance(paused, Paused)
    return paused


def answer(paused: Paused, *values: dict[str, Any]) -> Paused | Ended:
    answers = dict(zip(paused.interrupts, values, strict=True))
    return resume_graph(REACT, state=paused.state, answers=answers)


def wish(number: int, **arguments: Any) -> dict[str, Any]:
    return {"id": f"call_{number}", "name": "add", "arguments": arguments}


def completion(*wishes: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {"text": text, "tool_calls": list(wishes)}


def test_the_first_turn_asks_for_a_completion() -> None:
    paused = start()
    assert [w["kind"] for w in paused.wishes] == ["completion"]
    assert paused.wishes[0]["tool_choice"] == "auto"


def test_an_answer_without_tool_calls_ends_the_graph() -> None:
    ended = answer(start(), completion(text="Done"))
    assert ended == Ended(output={"text": "Done", "turns": 1, "tool_calls": []})


def test_parallel_tool_calls_are_wished_for_together() -> None:
    paused = answer(start(), completion(wish(1, n=1), wish(2, n=2)))
    assert isinstance(paused, Paused)
    assert [w["arguments"] for w in paused.wishes] == [{"n": 1}, {"n": 2}]


def test_results_go_to_the_call_that_asked_for_them_in_order() -> None:
    paused = answer(start(), completion(wish(1, n=1), wish(2, n=2)))
    assert isinstance(paused, Paused)
    paused = answer(paused, {"ok": True, "output": "one"}, {"ok": False, "error": "two"})
    assert isinstance(paused, Paused)
    told = [m for m in paused.wishes[0]["messages"] if m["role"] == "tool"]
    assert [(m["tool_call_id"], m["content"]) for m in told] == [
        ("call_1", '"one"'),
        ("call_2", '"two"'),
    ]


def test_the_model_sees_the_shown_part_of_a_result_and_the_output_holds_all_of_it() -> None:
    paused = answer(start(), completion(wish(1, n=1)))
    assert isinstance(paused, Paused)
    paused = answer(paused, {"ok": True, "output": {"points": [1, 2, 3]}, "shown": "rising"})
    assert isinstance(paused, Paused)
    assert paused.wishes[0]["messages"][-1]["content"] == '"rising"'
    ended = answer(paused, completion(text="It rises"))
    assert isinstance(ended, Ended)
    assert ended.output["tool_calls"][0]["output"] == {"points": [1, 2, 3]}
    assert "shown" not in ended.output["tool_calls"][0]


def test_the_output_records_every_tool_call() -> None:
    paused = answer(start(), completion(wish(1, n=1)))
    assert isinstance(paused, Paused)
    paused = answer(paused, {"ok": True, "output": 3})
    assert isinstance(paused, Paused)
    ended = answer(paused, completion(text="3"))
    assert isinstance(ended, Ended)
    assert ended.output["tool_calls"] == [
        {"name": "add", "arguments": {"n": 1}, "ok": True, "output": 3}
    ]


@pytest.mark.parametrize("wrong", [wish(1, n="x"), {**wish(1, n=1), "name": "rm"}])
def test_a_wrong_tool_call_is_told_to_the_model_without_being_made(wrong: dict[str, Any]) -> None:
    paused = answer(start(), completion(wrong))
    assert isinstance(paused, Paused)
    assert paused.wishes[0]["kind"] == "completion"
    assert paused.wishes[0]["messages"][-1]["role"] == "tool"


def test_calls_beyond_what_one_answer_may_ask_for_are_told_to_the_model_and_not_made() -> None:
    paused = answer(start(), completion(*(wish(number, n=number) for number in range(1000))))
    assert isinstance(paused, Paused)
    assert [w["arguments"]["n"] for w in paused.wishes] == list(range(MAX_CALLS))
    paused = answer(paused, *({"ok": True, "output": 1} for _ in paused.wishes))
    assert isinstance(paused, Paused)
    _, said, *told = paused.wishes[0]["messages"]
    assert [m["tool_call_id"] for m in told] == [call["id"] for call in said["tool_calls"]]
    assert len(told) == MAX_CALLS + 1
    assert "64 calls at a time are the most, you asked for 1000" in told[-1]["content"]


def test_tools_are_required_before_min_turns_and_refused_at_max_turns() -> None:
    choices = []
    paused: Paused | Ended = start(min_turns=1)
    while isinstance(paused, Paused):
        if paused.wishes[0]["kind"] == "completion":
            choices.append(paused.wishes[0]["tool_choice"])
            paused = answer(paused, completion(wish(1, n=1), text="x"))
        else:
            paused = answer(paused, {"ok": True, "output": 1})
    assert choices == ["required", "auto", "none"]
    assert paused.output["text"] == "x"


def test_the_same_checkpoint_yields_the_same_wishes_when_a_turn_is_repeated() -> None:
    paused = start()
    first = answer(paused, completion(wish(1, n=1), wish(2, n=2)))
    second = answer(paused, completion(wish(1, n=1), wish(2, n=2)))
    assert isinstance(first, Paused)
    assert isinstance(second, Paused)
    assert first.wishes == second.wishes


def test_the_checkpoint_does_not_grow_with_the_number_of_past_checkpoints() -> None:
    sizes = []
    paused: Paused | Ended = start(max_turns=30)
    for _ in range(20):
        assert isinstance(paused, Paused)
        sizes.append(len(paused.state))
        paused = answer(paused, completion(wish(1, n=1)))
        assert isinstance(paused, Paused)
        paused = answer(paused, {"ok": True, "output": 1})
    growth = [b - a for a, b in pairwise(sizes[5:])]
    assert max(growth) < 2 * min(growth)


def test_an_answer_that_satisfies_the_schema_becomes_the_value() -> None:
    ended = answer(start(response_schema=SCHEMA), completion(text='{"n": 5}'))
    assert isinstance(ended, Ended)
    assert (ended.output["value"], ended.output["turns"]) == ({"n": 5}, 1)


def test_the_schema_is_asked_for_wherever_the_model_may_answer() -> None:
    asked = []
    paused: Paused | Ended = start(response_schema=SCHEMA, min_turns=1)
    while isinstance(paused, Paused):
        if paused.wishes[0]["kind"] == "completion":
            asked.append(paused.wishes[0]["response_schema"])
            paused = answer(paused, completion(wish(1, n=1), text='{"n": 1}'))
        else:
            paused = answer(paused, {"ok": True, "output": 1})
    assert asked == [None, SCHEMA, SCHEMA]


@pytest.mark.parametrize("wrong", ["five", '{"n": "five"}', "{}"])
def test_a_wrong_answer_is_asked_for_once_more_with_what_is_wrong(wrong: str) -> None:
    paused = answer(start(response_schema=SCHEMA), completion(text=wrong))
    assert isinstance(paused, Paused)
    (asked,) = paused.wishes
    assert (asked["tool_choice"], asked["response_schema"]) == ("none", SCHEMA)
    assert asked["messages"][-2] == {"role": "assistant", "content": wrong, "tool_calls": []}
    assert asked["messages"][-1]["role"] == "user"
    assert "does not satisfy the schema" in asked["messages"][-1]["content"]
    ended = answer(paused, completion(text='{"n": 5}'))
    assert isinstance(ended, Ended)
    assert (ended.output["value"], ended.output["turns"]) == ({"n": 5}, 2)


def test_a_second_wrong_answer_is_a_failure_that_says_what_is_wrong() -> None:
    paused = answer(start(response_schema=SCHEMA, max_turns=1), completion(text="five"))
    assert isinstance(paused, Paused)
    ended = answer(paused, completion(text='{"n": "five"}'))
    assert isinstance(ended, Ended)
    assert ended.failure
    assert ended.failure["code"] == "invalid_output"
    assert "'five' is not of type 'integer'" in ended.failure["detail"]
