"""The very tests of test_poison_messages on SQS's protocol, and what a queue of SQS can hold."""

import json
from pathlib import Path

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from agentplatform.dead_letters.models import DeadLetter
from apps.runs.services.discard_letter import discard_letter
from apps.runs.services.replay_letter import replay_letter
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.test_poison_messages import *  # noqa: F403
from tests.integration.runs.test_poison_messages import call
from tests.integration.runs.worker_process import push, running_worker

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.usefixtures("empty_queues"),
    pytest.mark.parametrize("broker", ["sqs"], indirect=True),
]

NO_MESSAGES = [
    b"hello",
    b'{"properties": 5, "body": "x"}',
    b'{"properties": {"delivery_info": 7, "delivery_tag": "t"}, "body": "x"}',
    b'{"properties": {"delivery_info": {}, "delivery_tag": "t", "body_encoding": "base64"}, '
    b'"body": "YQ"}',
    b"[" * 100_000,
]


def test_what_is_no_message_becomes_a_letter_that_can_be_discarded(
    transactional_db: None, tmp_path: Path
) -> None:
    with running_worker("steps", log=tmp_path / "log") as worker:
        for item in NO_MESSAGES:
            push("steps", item)
        wait_for(
            lambda: DeadLetter.objects.count() == len(NO_MESSAGES),
            timeout_seconds=40,
            what="the letters",
        )
        assert worker.poll() is None
    letters = list(DeadLetter.objects.order_by("id"))
    assert {letter.reason for letter in letters} == {"unreadable"}
    assert {letter.payload.get("queue", "steps") for letter in letters} == {"steps"}
    assert any("hello" in json.dumps(letter.payload) for letter in letters)
    discard_letter(letter_id=letters[0].id, at=now())
    assert DeadLetter.objects.get(id=letters[0].id).status == "discarded"


def test_a_message_with_a_wrong_argument_is_replayed_with_a_right_one(
    make_run: RunMaker, tmp_path: Path
) -> None:
    run = make_run([{"name": "w", "kind": "wait", "seconds": 60}])
    with running_worker("steps", log=tmp_path / "log"):
        push("steps", call("runs.advance_run", {"run_id": "seventeen"}))
        letter = wait_for(lambda: DeadLetter.objects.first(), timeout_seconds=40, what="the letter")
        replay_letter(letter_id=letter.id, changes={"run_id": str(run.id)}, at=now())
        wait_for(lambda: step_of(run, "w").status == "WAITING", timeout_seconds=40, what="the run")
