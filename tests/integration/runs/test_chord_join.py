"""The body of a chord is sent once, when the last of its header is over."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery import current_app

from agentplatform.core.chord_join import ChordJoin
from tests.integration.runs.conftest import Sent

GROUP, STEP = "group-1", str(uuid4())


@pytest.fixture
def join(sent: Sent) -> ChordJoin:
    backend = current_app.backend
    assert isinstance(backend, ChordJoin)
    backend.client.delete(*(backend.get_key_for_group(GROUP, end) for end in (".j", ".s")))
    return backend


def end_part(join: ChordJoin, name: str) -> None:
    body = current_app.signature("runs.resume_step", kwargs={"step_id": STEP, "turn": 1})
    request = SimpleNamespace(id=name, group=GROUP, chord=dict(body))
    join.on_chord_part_return(request, "SUCCESS", None)


def test_the_last_part_sends_the_body(join: ChordJoin, sent: Sent) -> None:
    join.set_chord_size(GROUP, 2)
    end_part(join, "a")
    assert sent() == []
    end_part(join, "b")
    assert sent() == [("runs.resume_step", {"step_id": STEP, "turn": 1})]


def test_a_part_that_is_delivered_twice_counts_once(join: ChordJoin, sent: Sent) -> None:
    join.set_chord_size(GROUP, 2)
    end_part(join, "a")
    end_part(join, "a")
    assert sent() == []
    end_part(join, "b")
    end_part(join, "b")
    assert len(sent()) == 1


def test_a_part_that_is_over_before_the_size_is_known_counts(join: ChordJoin, sent: Sent) -> None:
    end_part(join, "a")
    join.set_chord_size(GROUP, 2)
    end_part(join, "b")
    assert len(sent()) == 1
