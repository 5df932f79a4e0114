"""Calls of one step that go on in one work folder."""

import uuid
from datetime import timedelta

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.transactions import transaction
from apps.tools import facade
from apps.tools.models import Artifact
from apps.tools.services.claim_call import claim_call
from apps.tools.services.execute_call import execute_call


@pytest.fixture
def step(plan_call):
    """`step(program, session="work")`: the next call of one step, executed."""
    place = {"run_id": uuid.uuid4(), "step_id": uuid.uuid4()}
    turns = iter(range(1, 100))

    def run(program, *, session="work", step_id=None, clock=now, timeout_seconds=20.0, **arguments):
        call = plan_call(
            arguments={"program": program, "session": session, **arguments},
            timeout_seconds=timeout_seconds,
            turn=next(turns),
            **(place | ({"step_id": step_id} if step_id else {})),
        )
        execute_call(call_id=call.id, clock=clock)
        call.refresh_from_db()
        return call

    return run


def listed(call):
    return call.response["value"]


LIST = "import json, os; print(json.dumps(sorted(os.listdir('.'))))"
WRITE = "import os; os.mkdir('data'); open('data/a.txt', 'w').write('kept')"


def test_the_next_call_finds_what_the_last_one_left(step):
    step(WRITE)
    call = step("import os; print(repr(open('data/a.txt').read()), os.access('data', os.W_OK))")
    assert call.response["stdout"] == "'kept' True\n"
    step("open('data/b.txt', 'w').write('more')")
    assert step("print(len(open('data/a.txt').read() + open('data/b.txt').read()))").response[
        "value"
    ] == len("keptmore")


def test_a_session_goes_on_in_another_language(step):
    step(WRITE)
    call = step("console.log(require('fs').readFileSync('data/a.txt', 'utf8'))", language="node")
    assert call.response["stdout"] == "kept\n"


def test_another_session_another_step_and_no_session_begin_empty(step):
    step(WRITE)
    assert listed(step(LIST, session="other")) == ["artifacts", "inputs"]
    assert listed(step(LIST, step_id=uuid.uuid4())) == ["artifacts", "inputs"]
    assert listed(step(LIST)) == ["artifacts", "data", "inputs"]


def test_a_session_is_no_artifact(step):
    call = step(WRITE + "; open('artifacts/out.txt', 'w').close()")
    shown = facade.artifacts_of_run(tenant_id=call.tenant_id, run_id=call.run_id)
    assert [one.name for one in shown] == ["out.txt"]
    assert [one["name"] for one in call.response["artifacts"]] == ["out.txt"]
    hidden = Artifact.objects.get(session="work")
    with pytest.raises(NotFound):
        facade.open_artifact(tenant_id=call.tenant_id, artifact_id=hidden.id)
    assert listed(step("import os, json; print(json.dumps(os.listdir('artifacts')))")) == []


def test_only_the_last_work_folder_is_stored(step, artifact_folder):
    call = step(WRITE)
    step("open('data/b.txt', 'w').write('x' * 1000)")
    assert Artifact.objects.count() == 1
    assert len(list((artifact_folder / str(call.tenant_id)).iterdir())) == 1
    with transaction():
        facade.purge_runs(tenant_id=call.tenant_id, run_ids=[call.run_id])
    assert not Artifact.objects.exists()
    assert list((artifact_folder / str(call.tenant_id)).iterdir()) == []


def test_an_error_keeps_what_was_written_and_a_limit_does_not(step):
    assert step("open('a', 'w').close(); 1 / 0").status == "FAILED"
    assert listed(step(LIST)) == ["a", "artifacts", "inputs"]
    slow = "open('b', 'w').close(); import time; time.sleep(60)"
    assert step(slow, timeout_seconds=0.5).response["status"] == "timeout"
    assert listed(step(LIST)) == ["a", "artifacts", "inputs"]


def test_links_and_devices_do_not_stay(step):
    call = step(
        "import os\n"
        "os.symlink('/etc/passwd', 'link'); os.symlink('/', 'root'); os.mkfifo('fifo')\n"
        "open('kept', 'w').close(); os.chmod('kept', 0o6777)"
    )
    assert "3 files were not kept" in call.response["stderr"]
    call = step("import os; print(os.listdir('.'), oct(os.stat('kept').st_mode & 0o7777))")
    assert "link" not in call.response["stdout"]
    assert call.response["stdout"].endswith("0o755\n")


def test_a_fenced_worker_leaves_the_session_as_it_was(step, plan_call):
    first = step(WRITE)
    call = plan_call(
        arguments={"program": "open('stale', 'w').close()", "session": "work"},
        run_id=first.run_id,
        step_id=first.step_id,
        turn=50,
    )
    times = iter([now(), now() + CALL_LEASE + timedelta(seconds=1)])

    def steal():
        at = next(times)
        if at > now():
            assert claim_call(call_id=call.id, at=at) is not None
        return at

    execute_call(call_id=call.id, clock=steal)
    assert listed(step(LIST)) == ["artifacts", "data", "inputs"]


def test_a_session_that_the_store_has_lost_is_named(step, artifact_folder):
    call = step(WRITE)
    for path in (artifact_folder / str(call.tenant_id)).iterdir():
        path.unlink()
    assert step(LIST).error["code"] == "session_lost"
