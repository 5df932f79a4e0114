"""`manage.py doctor` says what it has tried, and a worker asks for no less at its start."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pydantic import ValidationError
from structlog.testing import capture_logs

from agentplatform.settings.tool_settings import ToolSettings
from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.guarantees import GUARANTEES, required_guarantees
from apps.tools.runners.sandbox import Promise, SandboxUnavailable
from apps.tools.services.prove_sandbox import prove_sandbox


@pytest.fixture
def told(settings):
    """`told(**changes)`: what doctor prints with these settings, by subject, and its complaint."""

    def run(**changes):
        settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
        out = StringIO()
        complaint = ""
        try:
            call_command("doctor", stdout=out, no_color=True)
        except CommandError as error:
            complaint = str(error)
        lines = [line.split(maxsplit=2) for line in out.getvalue().splitlines()]
        return {subject: (word, detail) for subject, word, detail in lines}, complaint

    return run


@pytest.fixture
def weak(monkeypatch):
    """A bubblewrap whose programs reach the network."""
    held = GUARANTEES.keys() - {"no_network"}
    monkeypatch.setattr(
        "apps.tools.runners.bubblewrap.sandbox.BubblewrapSandbox.prove",
        lambda _: Promise(held=frozenset(held), made_of="/usr/bin/bwrap"),
    )


def test_doctor_says_for_each_backend_what_holds(told, install_tool):
    install_tool("double")
    install_tool("broken", program="import no_such_module")
    install_tool("bad__name")
    lines, complaint = told()
    assert complaint == ""
    assert lines["sandbox"][0] == "ok"
    for backend in ("bubblewrap", "lite"):
        assert lines[backend][0] == "ok"
        assert "python3" in lines[backend][1]
        assert {lines[f"{backend}.{name}"][0] for name in GUARANTEES} == {"ok"}
    assert lines["egress"][0] == "ok"
    assert lines["lite.no_network"] == ("ok", "A program has no network.")
    assert lines["chromium.scripts"][0] == "ok"
    assert lines["operator.double"] == ("ok", "It can be called.")
    assert lines["operator.broken"][0] == "broken"
    assert "No module named 'no_such_module'" in lines["operator.broken"][1]
    assert "never two _ in a row" in lines["operator.bad__name"][1]
    word, detail = lines["fargate"]
    assert word == "unused"
    assert detail.startswith("SANDBOX_BACKEND is bubblewrap. To choose fargate: One-off tasks need")


def test_a_sandbox_that_no_proxy_can_enter_is_told_of(told):
    lines, complaint = told(sandbox_backend="lite")
    assert complaint == ""
    assert "scripts need SANDBOX_BACKEND=bubblewrap" in lines["chromium.scripts"][1]
    assert lines["egress"][0] == "missing"


def test_a_machine_that_cannot_run_code_is_told_what_to_install(told):
    lines, complaint = told(bubblewrap_path="/no/such/bwrap")
    assert complaint == "The code tool cannot run on this machine."
    assert lines["bubblewrap"][0] == "missing"
    assert "/no/such/bwrap does not start" in lines["bubblewrap"][1]
    assert lines["lite"][0] == "ok"


def test_a_policy_that_asks_for_more_than_there_is_refuses_in_words(told, weak):
    lines, complaint = told()
    assert complaint == "The code tool cannot run on this machine."
    assert lines["bubblewrap.no_network"][0] == "missing"
    word, detail = lines["sandbox"]
    assert word == "missing"
    assert "bubblewrap cannot promise on this machine that a program has no network" in detail
    assert "SANDBOX_BACKEND" in detail
    assert "SANDBOX_REQUIRED_GUARANTEES" in detail


def test_what_nobody_asks_for_may_be_missing(settings, weak):
    changes = {"sandbox_required_guarantees": "no_capabilities, hidden_host_files"}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    assert choose_sandbox().name == "bubblewrap"


def test_no_other_sandbox_is_taken_in_place_of_the_chosen_one(settings, weak, code):
    with pytest.raises(SandboxUnavailable, match="no_network"):
        code("print(1)")


def test_the_chosen_sandbox_runs_code(settings, code):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"sandbox_backend": "lite"})
    ran = code("print(1)")
    assert (ran.status, ran.backend, ran.stdout) == ("ok", "lite", "1\n")


def test_a_guarantee_that_there_is_not_is_named():
    with pytest.raises(SandboxUnavailable, match="'no_networks'; there are: private_processes, "):
        required_guarantees("no_capabilities, no_networks")


def test_a_worker_proves_its_sandbox():
    with capture_logs() as logs:
        assert prove_sandbox()
    (line,) = logs
    assert (line["event"], line["backend"]) == ("sandbox.proven", "bubblewrap")
    assert line["guarantees"] == sorted(GUARANTEES)


def test_a_worker_says_why_it_refuses_code(weak):
    with capture_logs() as logs:
        assert not prove_sandbox()
    (line,) = logs
    assert line["event"] == "sandbox.refused"
    assert "no_network" in line["detail"]


@pytest.mark.parametrize("users", ["0-9", "64199-64100", "64100", "a-b"])
def test_a_range_of_users_that_is_none_is_refused(users):
    with pytest.raises(ValidationError, match="sandbox_lite_users"):
        ToolSettings(sandbox_lite_users=users)
