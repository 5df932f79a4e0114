"""Programs in one-off tasks: the whole way, with tasks as processes and an emulator's S3."""

import signal
import tempfile
import threading
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.fargate.bundle import Order, write_order
from apps.tools.runners.fargate.bundles import Bundles
from apps.tools.runners.fargate.sandbox import FargateSandbox, Pace
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import Job, SandboxUnavailable
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.fargate.local_tasks import LocalTasks

PACE = Pace(outcome=0.05, task=0.1)


@pytest.fixture
def tasks(tmp_path):
    made = LocalTasks(tmp_path)
    yield made
    made.close()


@pytest.fixture
def bundles(aws, place):
    return Bundles(aws("s3"), place.bucket, "calls/")


@pytest.fixture
def sandbox(tasks, bundles):
    return FargateSandbox(tasks=tasks, bundles=bundles, pace=PACE)


@pytest.fixture
def run(sandbox, keep):
    def run(program, *, stop=None, **changes):
        job = Job(
            language="python",
            program=program,
            call=changes.pop("call", str(uuid.uuid4())),
            limits=Limits(wall_seconds=changes.pop("wall_seconds", 20.0)),
            **changes,
        )
        return keep(sandbox.run(job, stop=stop or threading.Event()))

    return run


def stored(aws, place):
    return [
        one["Key"] for one in aws("s3").list_objects_v2(Bucket=place.bucket).get("Contents", [])
    ]


def test_a_program_runs_in_a_task_with_all_it_needs(run, tasks, aws, place):
    with sealed_file(b"1,2") as table:
        ran = run(
            "import sys\n"
            "print(sys.stdin.read(), open('inputs/a b.csv').read())\n"
            "open('artifacts/out.txt', 'w').write('kept')\n"
            "print('note', file=sys.stderr); sys.exit(3)",
            stdin=b"in",
            inputs={"a b.csv": table},
        )
    assert (ran.status, ran.exit_code) == ("error", 3)
    assert (ran.stdout, ran.stderr) == (b"in 1,2\n", b"note\n")
    assert [(file.name, file.content.read()) for file in ran.files] == [("out.txt", b"kept")]
    assert ran.task_arn.startswith("arn:local:task/")
    assert stored(aws, place) == []


def test_a_program_in_a_task_is_held_as_anywhere(run):
    ran = run("import time; time.sleep(60)", wall_seconds=0.5)
    assert ran.status == "timeout"
    ran = run("import os; print(dict(os.environ))")
    assert b"_URL" not in ran.stdout


def test_a_work_folder_goes_on_in_another_task(run):
    first = run("open('a', 'w').write('x')", keeps_workspace=True)
    with first.workspace as workspace:
        assert run("print(open('a').read())", workspace=workspace).stdout == b"x\n"


def test_a_jail_that_is_killed_before_the_program_begins_fails_its_task(run, tasks):
    found = find_equipment(bubblewrap_path="", sandbox_python="")
    with tempfile.TemporaryDirectory() as folder, sealed_file(b"") as given:
        dying = Path(folder, "bwrap")
        dying.write_text(
            "#!/bin/sh\n"
            'case "$*" in *" /box/inputs/it "*) kill -KILL $$ ;; esac\n'
            f'exec {found.bwrap} "$@"\n'
        )
        for path in (dying, dying.parent):
            path.chmod(0o755)
        tasks.environment = {"BUBBLEWRAP_PATH": str(dying)}
        with pytest.raises(ToolFailure) as failure:
            run("print(1)", inputs={"it": given})
    assert (failure.value.code, failure.value.is_retryable) == ("task_failed", True)
    assert "SandboxDied" in failure.value.detail


@pytest.fixture
def forget(tasks, bundles):
    """`forget(job)`: begin with a call, as a worker that is lost before it hears of the outcome."""
    stops = []

    def forget(job):
        sandbox = FargateSandbox(tasks=tasks, bundles=bundles, pace=replace(PACE, outcome=3600.0))
        stop = threading.Event()
        worker = threading.Thread(target=sandbox.run, args=(job,), kwargs={"stop": stop})
        stops.append((stop, worker))
        worker.start()
        wait_for(lambda: tasks.find(job.call), timeout_seconds=20, what="its task")

    yield forget
    for stop, worker in stops:
        stop.set()
        worker.join()


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_call_that_comes_again_finds_its_task(run, forget, tasks, has_ended):
    call = str(uuid.uuid4())
    program = "import time; time.sleep(0.3); print(5)"
    forget(Job(language="python", program=program, call=call))
    if has_ended:
        tasks.wait()
    ran = run(program, call=call)
    assert (ran.stdout, tasks.started) == (b"5\n", 1)


def test_a_call_whose_task_left_nothing_gets_another_one(run, tasks):
    call = str(uuid.uuid4())
    tasks.command = ("-c", "print('no disk'); raise SystemExit(1)")
    with pytest.raises(ToolFailure, match=r"exit code 1.*no disk") as failure:
        run("print(5)", call=call)
    assert (failure.value.code, failure.value.is_retryable) == ("task_failed", True)
    assert failure.value.task_arn.startswith("arn:local:task/")
    tasks.command = ("-m", "apps.tools.runners.fargate.task")
    assert run("print(5)", call=call).stdout == b"5\n"
    assert tasks.started == 2


def test_a_stopped_call_stops_its_task(run, tasks):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    call = str(uuid.uuid4())
    assert run("import time; time.sleep(60)", call=call, stop=stop).status == "killed"
    tasks.wait()
    assert [task.has_stopped for task in tasks.find(call)] == [True]


def test_a_task_that_nobody_waits_for_ends_at_its_deadline(tasks, bundles):
    job = Job(language="python", program="import time; time.sleep(600)", call="call")
    with tempfile.TemporaryFile() as order:
        write_order(Order(job=job, required="", deadline_seconds=1), order)
        order.seek(0)
        bundles.put("order", order)
    environment = {"ORDER_URL": bundles.link_to_read("order", seconds=60), "OUTCOME_URL": ""}
    task = tasks.start(call="call", token="1", environment=environment, limits=Limits())
    tasks.wait()
    assert tasks.look(task.arn).exit_code == -signal.SIGALRM
    bundles.delete("order")


def test_a_task_that_promises_too_little_does_not_run_the_program(tasks, bundles):
    tasks.environment = {"SANDBOX_PYTHON": "/no/such/python"}
    sandbox = FargateSandbox(tasks=tasks, bundles=bundles, pace=PACE)
    with pytest.raises(SandboxUnavailable, match="The task refuses: "):
        sandbox.run(
            Job(language="python", program="print(1)", call=str(uuid.uuid4())),
            stop=threading.Event(),
        )


def test_a_task_killed_for_memory_is_told_so(tasks, run):
    tasks.command = ("-c", "import os, time; time.sleep(0.3); os.kill(os.getpid(), 9)")
    look = tasks.look
    tasks.look = lambda arn: replace(look(arn), reason="OutOfMemoryError: container killed")
    assert run("print(1)").status == "memory_exceeded"


def test_a_call_that_wants_the_network_is_refused(sandbox):
    from apps.tools.egress.session import Egress

    with pytest.raises(SandboxUnavailable, match="no way out"):
        sandbox.run(Job(language="python", program="1", egress=Egress()), stop=threading.Event())


def test_the_code_tool_runs_in_tasks(settings, aws, place, endpoint, tasks, code, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("apps.tools.runners.backends.EcsTasks", lambda **_: tasks)
    changes = {
        "sandbox_backend": "fargate",
        "fargate_cluster": place.cluster,
        "fargate_task_definition": place.definition,
        "fargate_subnets": place.subnet,
        "fargate_security_group": place.security_group,
        "fargate_bucket": place.bucket,
        "fargate_endpoint_url": endpoint,
        "aws_region": "eu-west-1",
    }
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    ran = code("print(5)", timeout_seconds=20)
    assert (ran.backend, ran.value) == ("fargate", 5)
    assert ran.task_arn.startswith("arn:local:task/")


def test_missing_settings_are_named(settings, code):
    changes = {"sandbox_backend": "fargate", "fargate_cluster": "c"}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    with pytest.raises(SandboxUnavailable, match="FARGATE_TASK_DEFINITION, FARGATE_SUBNETS"):
        code("print(1)")
