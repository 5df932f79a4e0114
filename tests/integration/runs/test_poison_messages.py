"""Messages that no worker can work on become dead letters, and their worker goes on."""

import base64
import json
import uuid
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from agentplatform.dead_letters.models import DeadLetter
from apps.runs.services.dispatch import send_advance
from tests.integration.runs.conftest import RunMaker, step_of, take_messages
from tests.integration.runs.worker_process import length, push, running_worker

pytestmark = pytest.mark.usefixtures("empty_queues")


def envelope(body: bytes, **headers: object) -> bytes:
    """A message as kombu writes it to a list."""
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": headers,
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
                "delivery_info": {"exchange": "", "routing_key": "steps"},
                "delivery_mode": 2,
                "priority": 0,
            },
        }
    ).encode()


def call(task: str, kwargs: object, **headers: object) -> bytes:
    sent = {"task": task, "id": str(uuid.uuid4()), "lang": "py", **headers}
    return envelope(json.dumps([[], kwargs, {}]).encode(), **sent)


ADVANCE = "runs.advance_run"
ID = str(uuid.uuid4())
POISON = {
    "garbage": (b"\x80\x04\x95garbage\xff\x00", "unreadable"),
    "no envelope": (b'{"a": 1}', "unreadable"),
    "a number": (b"17", "unreadable"),
    "a body that is no JSON": (envelope(b"\xff{", task=ADVANCE, id=ID), "unreadable"),
    "pickle": (
        envelope(b"x", task=ADVANCE, id="p").replace(b"application/json", b"application/x-python"),
        "unreadable",
    ),
    "a body of another shape": (envelope(b'{"x": 1}', task=ADVANCE, id="s"), "invalid_message"),
    "no id": (envelope(b"[[], {}, {}]", task=ADVANCE), "invalid_message"),
    "no task": (envelope(b"[[], {}, {}]", id="t"), "invalid_message"),
    "odd headers": (call(ADVANCE, {"run_id": ID}, eta="tomorrow"), "invalid_message"),
    "an unknown task": (call("runs.time_travel", {"run_id": ID}), "unknown_task"),
    "no such id": (call(ADVANCE, {"run_id": "seventeen"}), "unfit_arguments"),
    "a missing keyword": (call("runs.execute_step", {"step_id": ID}), "unfit_arguments"),
    "a wrong type": (call("runs.execute_step", {"step_id": ID, "turn": "x"}), "unfit_arguments"),
    "positions": (
        envelope(json.dumps([[ID], {}, {}]).encode(), task=ADVANCE, id="pos"), "unfit_arguments",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pool", ["steps", "llm"])
def test_a_worker_survives_them_all_and_writes_each_down_once(
    make_run: RunMaker, tmp_path: Path, pool: str, broker: str
) -> None:
    code = {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}}
    run = make_run([code])
    take_messages()
    with running_worker(pool, log=tmp_path / "log") as worker:
        for item, _ in POISON.values():
            push(pool, item)
        doubled = POISON["an unknown task"][0]
        push(pool, doubled)
        wait_for(
            lambda: DeadLetter.objects.count() >= len(POISON) and not length(pool),
            timeout_seconds=40,
            what="the letters",
        )
        if pool == "steps":
            send_advance(run_id=run.id)
            wait_for(
                lambda: step_of(run, "a").status != "PENDING",
                timeout_seconds=20,
                what="the worker to go on",
            )
        assert worker.poll() is None
    reasons = sorted(DeadLetter.objects.values_list("reason", flat=True))
    assert reasons == sorted(reason for _, reason in POISON.values())
    letters = DeadLetter.objects.all()
    assert {(one.kind, one.tenant_id, one.status) for one in letters} == {("message", None, "open")}
    unknown = letters.get(reason="unknown_task")
    assert unknown.task == "runs.time_travel"
    queue = pool if broker == "sqs" else "steps"  # on Valkey, what the message says of itself
    assert unknown.payload == {"queue": queue, "args": [], "kwargs": {"run_id": ID}}
