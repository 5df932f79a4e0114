"""What waits for the commit may fail; what was committed stays, and the rest is still done."""

import pytest

from agentplatform.core.transactions import after_commit, transaction

pytestmark = pytest.mark.django_db


def refuse(*, what: str) -> None:
    raise ConnectionError(f"no {what}")


def test_a_failure_is_logged_by_name_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    with transaction():
        after_commit(refuse, what="broker")
        after_commit(note, done=done)
    assert done == ["noted"]
    assert "refuse" in caplog.text
    assert "no broker" in caplog.text


def note(*, done: list[str]) -> None:
    done.append("noted")
