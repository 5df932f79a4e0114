"""A step keeps to the graph and version that took its first turn."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings
from pydantic import SecretStr

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.gateway.services.engine import reset_engine
from apps.gateway.tasks import complete
from apps.runs.models import Checkpoint, Run, Step
from apps.runs.services.advance_run import advance_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.leave_step import LEFT_SECONDS
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from tests.installed_graph import InstallGraph, forget_graphs
from tests.integration.runs.conftest import RunMaker, Sent, kinds_of, step_of
from tests.provider import Provider

AGENT = {"name": "a", "kind": "agent", "graph": "triage", "instructions": "Sort.", "prompt": "Go."}


@pytest.fixture
def openai(provider_process: Provider) -> Iterator[None]:
    """This process calls the provider itself."""
    keys = {"openai_api_key": SecretStr("t"), "openai_base_url": provider_process.openai_base_url}
    with override_settings(PLATFORM=settings.PLATFORM.model_copy(update=keys)):
        yield
    reset_engine()


def take_first_turn(run: Run) -> Step:
    advance_run(run_id=run.id, at=now())
    step = step_of(run, "a")
    execute_step(step_id=step.id, turn=0, at=now())
    return step_of(run, "a")


def answer_and_resume(step: Step) -> Step:
    call = LlmCall.objects.get(step_id=step.id, turn=step.turn)
    complete(call_ids=[str(call.id)])
    resume_step(step_id=step.id, turn=step.turn, at=now())
    return step_of(step.run, "a")


def test_the_first_turn_pins_the_version(make_run: RunMaker, install_graph: InstallGraph) -> None:
    install_graph("triage", version="7")
    step = take_first_turn(make_run([AGENT]))
    checkpoint = Checkpoint.objects.get(step=step)
    assert (checkpoint.graph, checkpoint.graph_version) == ("triage", "7")


def test_an_installed_graph_runs_to_its_end(
    make_run: RunMaker, install_graph: InstallGraph, openai: None
) -> None:
    install_graph("triage", version="7")
    step = take_first_turn(make_run([AGENT]))
    step = answer_and_resume(answer_and_resume(step))
    assert step.status == "SUCCESS", step.error
    assert len(step.output["answers"]) == 2


def test_a_worker_with_another_version_leaves_the_step_for_one_that_has_it(
    make_run: RunMaker, install_graph: InstallGraph, openai: None, sent: Sent
) -> None:
    install_graph("triage", version="7")
    run = make_run([AGENT])
    step = take_first_turn(run)
    install_graph("triage", version="8")
    left = answer_and_resume(step)
    assert (left.status, left.attempt, left.turn) == ("RETRYING", 1, 1)
    assert left.error["code"] == "graph_missing"
    assert left.tokens_used == 0

    sent()
    later = now() + timedelta(seconds=LEFT_SECONDS)
    assert recover(at=later) == {"retries": 1}
    assert sent() == [("runs.execute_step", {"step_id": str(step.id), "turn": 1})]
    install_graph("triage", version="7")
    execute_step(step_id=step.id, turn=1, at=later)
    step = answer_and_resume(step_of(run, "a"))
    assert (step.status, step.attempt, step.error) == ("SUCCESS", 1, None)
    assert kinds_of(run).count("a call.finished") == 2
    assert step.tokens_used == sum(
        call.prompt_tokens + call.completion_tokens for call in LlmCall.objects.all()
    )


def test_a_worker_without_the_graph_leaves_the_step_until_the_run_s_time_is_up(
    make_run: RunMaker, install_graph: InstallGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_graph("triage", version="7")
    run = make_run([AGENT], spec={"defaults": {"timeout_seconds": 30}})
    with monkeypatch.context() as worker:
        worker.setattr("apps.runs.agents.registry.entry_points", lambda group: ())
        forget_graphs()
        assert take_first_turn(run).status == "RETRYING"
    recover(at=now() + timedelta(seconds=31))
    run.refresh_from_db()
    assert run.status == "TIMEOUT"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ('{"kind": "email"}', "asks for what nobody can do"),
        ('{"kind": "tool", "name": "rm", "arguments": {}}', "which the step lacks"),
        ('{"kind": "completion", "messages": []}', "messages"),
        ("1 / 0", "raised ZeroDivisionError"),
    ],
)
def test_a_graph_that_does_what_it_may_not_fails_its_step_at_once(
    make_run: RunMaker, install_graph: InstallGraph, wish: str, said: str
) -> None:
    install_graph("triage", version="7", wish=wish)
    step = take_first_turn(make_run([AGENT]))
    assert (step.status, step.attempt, step.error["code"]) == ("FAILED", 1, "graph_error")
    assert said in step.error["detail"]


def test_an_attempt_that_fails_after_its_answers_came_asks_for_nothing_again(
    make_run: RunMaker,
    install_graph: InstallGraph,
    openai: None,
    sent: Sent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_down(name: str, *, version: str | None) -> None:
        raise OSError("no memory left")

    install_graph("triage", version="7")
    run = make_run([{**AGENT, "retry": {"max_attempts": 2, "backoff": [0, 0]}}])
    step = take_first_turn(run)
    with monkeypatch.context() as worker:
        worker.setattr("apps.runs.services.turns.agent.find_graph", break_down)
        step = answer_and_resume(step)
    assert (step.status, step.attempt, step.turn) == ("RETRYING", 2, 0)
    recover(at=now())
    sent()
    execute_step(step_id=step.id, turn=0, at=now())
    assert sent() == [("runs.resume_step", {"step_id": str(step.id), "turn": 0})]
    resume_step(step_id=step.id, turn=0, at=now())
    step = answer_and_resume(step_of(run, "a"))
    assert (step.status, step.attempt) == ("SUCCESS", 2)
    assert LlmCall.objects.filter(step_id=step.id).count() == 2
    assert kinds_of(run).count("a call.finished") == 2
