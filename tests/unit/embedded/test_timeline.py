"""The timeline in the terminal."""

from typing import Any

from agentplatform.embedded.timeline import Timeline, format_cost, format_duration


def event(second: int, kind: str, step: str = "", /, **data: Any) -> dict[str, Any]:
    return {
        "seq": 1,
        "kind": kind,
        "step": step,
        "at": f"2026-01-01T00:00:{second:02}Z",
        "data": data,
    }


def test_times_count_from_the_first_event() -> None:
    lines = Timeline(is_coloured=False).lines([event(5, "run.running"), event(7, "run.completed")])
    assert [line.split(" s ")[0].strip() for line in lines] == ["0.0", "2.0"]


def test_only_the_first_turn_of_a_step_says_that_it_started() -> None:
    turn = [event(1, f"step.{verb}", "explore") for verb in ("queued", "running", "waiting")]
    lines = Timeline(is_coloured=False).lines([*turn, *turn])
    assert [line.split()[-1] for line in lines] == ["started"]


def test_a_retried_step_says_that_it_started_again() -> None:
    events = [event(1, f"step.{verb}", "explore") for verb in ("running", "retrying", "running")]
    lines = Timeline(is_coloured=False).lines(events)
    assert [line.split()[-1] for line in lines] == ["started", "retrying", "started"]


def test_a_model_call_shows_who_answered_tokens_cost_and_duration() -> None:
    call = event(
        1, "call.finished", "report", kind="llm", provider="local", model="smol",
        tokens=1234, cost_usd="0.000000000", duration_ms=1500,
    )  # fmt: skip
    [line] = Timeline(is_coloured=False).lines([call])
    assert line.split() == [
        "0.0", "s", "report", "model", "local", "smol", "1,234", "tokens", "$0.0000", "1.5", "s",
    ]  # fmt: skip


def test_a_tool_call_shows_its_tool_and_files() -> None:
    call = event(
        1, "call.finished", "page", kind="tool", tool="browser", status="ok",
        duration_ms=900, artifacts=["page.png"],
    )  # fmt: skip
    [line] = Timeline(is_coloured=False).lines([call])
    assert "tool browser" in line
    assert line.endswith("900 ms  page.png")


def test_a_failure_shows_its_code_and_the_first_line_of_its_reason() -> None:
    error = {"code": "timeout", "detail": "It took too long.\nMuch more."}
    [line] = Timeline(is_coloured=False).lines([event(1, "step.failed", "page", error=error)])
    assert line.endswith("timeout: It took too long.")


def test_there_are_colours_only_when_asked_for() -> None:
    events = [event(1, "run.completed")]
    assert "\033[" in Timeline(is_coloured=True).lines(events)[0]
    assert "\033[" not in Timeline(is_coloured=False).lines(events)[0]


def test_an_unknown_event_is_shown_by_its_name() -> None:
    [line] = Timeline(is_coloured=False).lines([event(1, "step.put_off", "page")])
    assert "put off" in line


def test_costs_show_as_many_places_as_they_need() -> None:
    assert format_cost("0.123456789") == "$0.1235"
    assert format_cost("0.000012000") == "$0.000012"
    assert format_cost(None) == "cost unknown"


def test_durations_turn_from_milliseconds_to_seconds() -> None:
    assert format_duration(999) == "999 ms"
    assert format_duration(1000) == "1.0 s"


def test_items_of_a_map_are_told_apart() -> None:
    ends = [{**event(1, "step.success", "each"), "item": item} for item in (0, 1, None)]
    lines = Timeline(is_coloured=False).lines(ends)
    assert [line.split()[2] for line in lines] == ["each[0]", "each[1]", "each"]
