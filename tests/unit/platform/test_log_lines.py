"""What a line of the log looks like, whoever wrote it."""

import json
import logging
from typing import Any

import pytest
import structlog


class Lines(list[Any]):
    """A stream that keeps every line written to it, decoded."""

    def write(self, text: str) -> None:
        self.extend(json.loads(line) for line in text.splitlines())

    def flush(self) -> None:
        pass


@pytest.fixture
def lines():
    """Every line that the handler of the settings writes."""
    handler = logging.getLogger().handlers[0]
    stream = handler.setStream(kept := Lines())
    yield kept
    handler.setStream(stream)


def test_a_line_holds_the_event_its_fields_and_what_is_bound(lines):
    with structlog.contextvars.bound_contextvars(trace_id="t", run_id="r"):
        structlog.get_logger("x").info("run.finished", duration_ms=12, tokens_used=487)
    (line,) = lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "service": "web",
        "message": "run.finished",
        "trace_id": "t",
        "run_id": "r",
        "duration_ms": 12,
        "tokens_used": 487,
    }


def test_other_libraries_write_the_same_lines(lines):
    logging.getLogger("some.library").warning("took %s s", 3, extra={"step_id": "s"})
    assert lines[0]["message"] == "took 3 s"
    assert (lines[0]["level"], lines[0]["step_id"]) == ("WARNING", "s")


def test_an_exception_is_a_field_of_its_line(lines):
    try:
        raise ValueError("boom")
    except ValueError:
        structlog.get_logger("x").exception("step.failed")
    assert "ValueError: boom" in lines[0]["exception"]


@pytest.mark.parametrize(
    "name", ["authorization", "api_key", "password", "X-Api-Key", "lease_token", "client_secret"]
)
def test_the_value_of_a_secret_field_is_masked_at_any_depth(lines, name):
    structlog.get_logger("x").info("e", request={"headers": [{name: "hush"}]})
    assert "hush" not in json.dumps(lines)


@pytest.mark.parametrize(
    "text",
    [
        "ap_abcdefgh_" + "S3cretS3cret" * 3,
        "sk-proj-S3cretS3cretS3cret",
        "Authorization: Bearer S3cretS3cret",
        "postgresql://app:S3cret@127.0.0.1/db",
    ],
)
def test_what_looks_like_a_secret_is_masked_in_any_text(lines, text):
    structlog.get_logger("x").info("e", error=f"failed with {text} at once")
    assert "S3cret" not in json.dumps(lines)
    assert "at once" in lines[0]["error"]


def test_counts_of_tokens_are_no_secret(lines):
    structlog.get_logger("x").info("e", prompt_tokens=3, token_budget=9, api_key_id="k")
    assert (lines[0]["prompt_tokens"], lines[0]["token_budget"]) == (3, 9)
    assert lines[0]["api_key_id"] == "k"


@pytest.mark.parametrize("value", [2**70, "half \ud800 a pair", {3: {1, 2}}, float("nan")])
def test_a_value_that_json_does_not_know_is_written_somehow(lines, value):
    structlog.get_logger("x").info("e", value=value)
    assert lines[0]["message"] == "e"


def test_a_level_below_the_lowest_is_left_out(lines):
    structlog.get_logger("x").debug("quiet")
    assert lines == []
