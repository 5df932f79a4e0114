"""Tools that an operator's packages bring, each in a process of its own."""

import os
import subprocess
import sys
import threading
from io import BytesIO

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.tools import facade
from apps.tools.facade import describe_tools, tool_names
from apps.tools.models import Artifact
from apps.tools.runners.registry import INSTALLED
from apps.tools.runners.work import ToolFailure
from apps.tools.services.execute_call import execute_call
from apps.tools.services.find_tools import find_tools
from apps.tools.services.open_artifact import open_artifact
from apps.tools.services.store_artifact import store_artifact
from tests.integration.tools.processes import is_alive
from tests.integration.tools.works import make_work
from tests.outcomes import outcomes_of


@pytest.fixture
def call(keep):
    """`call(**arguments)`: one call of the tool `double`, without any rows."""

    def run(*, timeout_seconds=20.0, stop=None, **arguments):
        tool = INSTALLED.find("double")
        return keep(tool.run(make_work(arguments, timeout_seconds=timeout_seconds, stop=stop)))

    return run


def execute(planned):
    execute_call(call_id=planned.id, clock=now)
    (outcome,) = outcomes_of(
        facade, step_id=planned.step_id, attempt=planned.attempt, turn=planned.turn
    )
    return outcome


def test_a_tool_is_described_under_the_name_of_its_entry_point(install_tool):
    install_tool("double", fields='result={"type": "integer"},')
    (described,) = describe_tools(tenant_id=None, names=["double"])
    assert (described.name, described.source) == ("double", "operator")
    assert described.result == {"type": "integer"}
    assert "double" in tool_names(tenant_id=None)


def test_a_call_gives_what_the_tool_returns(install_tool, call):
    install_tool("double", "return {'twice': arguments['n'] * 2}")
    ran = call(n=21)
    assert (ran.status, ran.value) == ("ok", {"twice": 42})


def test_the_next_call_finds_the_process_running(install_tool, call):
    install_tool("double", "return os.getpid()")
    first = call().value
    assert first not in (None, os.getpid())
    assert call().value == first


def test_a_tool_knows_for_whom_it_works_and_how_long(install_tool, call):
    install_tool(
        "double",
        "return [isinstance(context.tenant_id, UUID), isinstance(context.call_id, UUID), "
        "0 < context.seconds_left() <= 2]",
        "timeout_seconds=2,",
    )
    assert call(timeout_seconds=60).value == [True, True, True]


def test_a_tool_that_ignores_its_end_is_killed(install_tool, call):
    install_tool("double", "Path(str(arguments['n'])).touch()\nwhile True:\n    time.sleep(0.01)")
    assert call(n=os.devnull, timeout_seconds=0.5).status == "timeout"


def test_a_call_that_is_stopped_can_tidy_up(install_tool, call, tmp_path):
    begun, tidied = tmp_path / "begun", tmp_path / "tidied"
    install_tool(
        "double",
        f"Path({str(begun)!r}).touch()\ncontext.stop.wait()\nPath({str(tidied)!r}).touch()",
    )
    stop = threading.Event()

    def stop_once_begun():
        while not begun.exists():
            stop.wait(0.01)
        stop.set()

    watcher = threading.Thread(target=stop_once_begun)
    watcher.start()
    assert call(stop=stop).status == "killed"
    watcher.join()
    assert tidied.exists()


def test_the_processes_of_a_tool_that_is_killed_end_with_it(install_tool, call, tmp_path):
    path = tmp_path / "pid"
    install_tool(
        "double",
        f"import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"Path({str(path)!r}).write_text(str(child.pid))\ntime.sleep(60)",
    )
    assert call(timeout_seconds=1).status == "timeout"
    pid = int(path.read_text())
    wait_for(lambda: not is_alive(pid), timeout_seconds=30, what="its process to end")


@pytest.mark.parametrize(
    "work",
    ["time.sleep(60)", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"],
    ids=["waits", "lets no thread run"],
)
def test_nothing_of_a_call_outlives_a_worker_that_is_killed(install_tool, tmp_path, work):
    path = tmp_path / "pids"
    install_tool(
        "double",
        f"import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"Path({str(path)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\n{work}",
    )
    program = (
        "from apps.tools.runners.operator.installed import Installed\n"
        "from tests.integration.tools.works import make_work\n"
        "Installed(frozenset()).find('double').run(make_work({}, timeout_seconds=60))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen([sys.executable, "-c", program], env=environment)
    wait_for(
        lambda: path.exists() and len(path.read_text().split()) == 2,
        timeout_seconds=60,
        what="the call",
    )
    worker.kill()
    worker.wait()
    for pid in map(int, path.read_text().split()):
        wait_for(lambda pid=pid: not is_alive(pid), timeout_seconds=30, what=f"{pid}")


def test_an_error_of_the_tool_is_told(install_tool, call):
    install_tool("double", "raise ToolError('No such customer.', code='no_customer')")
    with pytest.raises(ToolFailure) as failure:
        call()
    assert (failure.value.code, failure.value.detail) == ("no_customer", "No such customer.")


def test_an_exception_fails_the_call_with_its_text(install_tool, call):
    install_tool("double", "raise ValueError('odd')")
    ran = call()
    assert (ran.status, ran.detail) == ("error", "ValueError: odd")


@pytest.mark.parametrize(
    ("fields", "code", "is_retryable"),
    [("is_repeatable=True,", "tool_crashed", True), ("", "outcome_unknown", False)],
)
def test_a_process_that_dies_is_reported_as_its_mark_says(
    install_tool, call, fields, code, is_retryable
):
    install_tool("double", "os._exit(3)", fields)
    with pytest.raises(ToolFailure) as failure:
        call()
    assert (failure.value.code, failure.value.is_retryable) == (code, is_retryable)


def test_a_process_that_has_gone_between_two_calls_is_replaced(install_tool, call):
    install_tool("double", "return os.getpid()")
    pid = call().value
    os.kill(pid, 9)
    assert call().value != pid


def test_a_result_that_breaks_its_schema_fails_the_call(install_tool, call):
    install_tool(
        "double", "return {'a': 'b'}", "result={'properties': {'a': {'type': 'integer'}}},"
    )
    with pytest.raises(ToolFailure) as failure:
        call()
    assert failure.value.code == "invalid_result"
    assert "result.a: 'b' is not of type 'integer'" in failure.value.detail


def test_a_result_that_is_no_json_or_too_large_fails_the_call(install_tool, call):
    install_tool("double", "return {1, 2} if arguments else 'x' * 2_000_000")
    assert "not JSON serializable" in call(n=1).detail
    with pytest.raises(ToolFailure) as failure:
        call()
    assert failure.value.code == "output_exceeded"


def test_files_come_in_and_go_out(install_tool, plan_call, tenant):
    stored = store_artifact(tenant_id=tenant.id, name="in.txt", content=BytesIO(b"words"), at=now())
    install_tool(
        "double",
        "given = context.open_input(arguments['n']).read()\n"
        "context.keep_file('out/twice.txt', given * 2)\nreturn len(given)",
    )
    outcome = execute(plan_call("double", {"n": str(stored.artifact_id)}))
    assert outcome.output["value"] == 5
    kept = Artifact.objects.get(name="out/twice.txt")
    _, content = open_artifact(tenant_id=tenant.id, artifact_id=kept.id)
    with content:
        assert content.read() == b"wordswords"


def test_an_input_that_is_not_there_is_named(install_tool, call):
    install_tool("double", "context.open_input(arguments['n'])")
    with pytest.raises(ToolFailure) as failure:
        call(n="nope")
    assert failure.value.detail == "There is no artifact 'nope'."


def test_more_files_than_a_call_may_keep_are_refused(install_tool, call):
    install_tool("double", "for place in range(201):\n    context.keep_file(f'{place}', b'')")
    with pytest.raises(ToolFailure) as failure:
        call()
    assert failure.value.code == "disk_exceeded"


def test_arguments_are_checked_before_anything_runs(install_tool, plan_call):
    install_tool("double")
    planned = plan_call("double", {"m": 1})
    assert planned.error["code"] == "invalid_arguments"
    assert "'m' was unexpected" in planned.error["detail"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", False),
        ("is_repeatable=True,", True),
        ("is_repeatable=lambda arguments: arguments.get('n') == 1,", True),
        ("is_repeatable=lambda arguments: arguments['no'],", False),
    ],
)
def test_a_tool_says_which_calls_may_be_repeated(install_tool, plan_call, fields, expected):
    install_tool("double", fields=fields)
    assert plan_call("double", {"n": 1}).is_repeatable is expected


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("TOOL = 1", "names no apps.tools.extension.OperatorTool"),
        (
            "from apps.tools.extension import OperatorTool\n"
            "TOOL = OperatorTool(description='', parameters={{'type': 5}}, run=print)",
            "`parameters` is no JSON schema",
        ),
    ],
)
def test_a_package_that_is_broken_breaks_its_own_calls_only(
    install_tool, plan_call, call, program, reason
):
    install_tool("double")
    install_tool("broken", program=program)
    assert [tool.name for tool in describe_tools(tenant_id=None)].count("broken") == 0
    outcome = execute(plan_call("broken", {}))
    assert outcome.failure.code == "tool_broken"
    assert reason in outcome.failure.detail
    assert "operator_" in outcome.failure.detail
    assert call().status == "ok"


@pytest.mark.parametrize("name", ["code", "two__underscores", "9lives"])
def test_a_name_that_is_taken_or_odd_is_not_used(install_tool, name, tenant):
    install_tool(name)
    tools = find_tools(tenant_id=tenant.id, names=[name])
    assert all(tool.description.source == "built-in" for tool in tools.values())


def test_no_package_is_imported_to_know_its_name(install_tool, tmp_path):
    install_tool("lazy", program="raise SystemExit")
    assert "lazy" in tool_names(tenant_id=None)
