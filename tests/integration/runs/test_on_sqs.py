"""Whole runs on SQS's protocol: the very tests of test_flow, a retry and a cancellation."""

from collections.abc import Iterator

import pytest
from celery import current_app

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.runs.services.cancel_run import cancel_run
from apps.runs.states import RUN
from tests.integration.runs.conftest import RunMaker, finished, kinds_of, step_of
from tests.integration.runs.test_flow import *  # noqa: F403
from tests.provider import Provider

pytestmark = [
    pytest.mark.usefixtures("workers"),
    pytest.mark.parametrize("broker", ["sqs"], indirect=True),
]


UNKNOWN_HOST = "nowhere.invalid"


@pytest.fixture(scope="module", autouse=True)
def _allow_unknown_host() -> Iterator[None]:
    """For the workers, which start afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGRESS_ALLOWLIST", UNKNOWN_HOST)
        yield


def test_a_step_that_failed_is_tried_again_when_its_time_has_come(make_run: RunMaker) -> None:
    fetch = {
        "name": "fetch",
        "kind": "tool",
        "tool": "http",
        "arguments": {"url": f"https://{UNKNOWN_HOST}/"},
        "retry": {"max_attempts": 2, "backoff": [0, 0.5]},
    }
    run = make_run([fetch])

    def is_over() -> bool:
        current_app.send_task("runs.recover")
        run.refresh_from_db()
        return run.status in RUN.terminal

    wait_for(is_over, timeout_seconds=60, every_seconds=0.5, what="the run to end")
    assert (run.status, run.error["code"]) == ("FAILED", "unreachable")
    assert step_of(run, "fetch").attempt == 2
    assert "fetch step.retrying" in kinds_of(run)


def test_a_run_whose_call_is_under_way_is_cancelled(make_run: RunMaker, provider: Provider) -> None:
    provider.control(behaviour="latency-4000")
    run = make_run([{"name": "say", "kind": "llm", "prompt": "Hello"}])
    wait_for(lambda: provider.requests()["in_flight"], timeout_seconds=30, what="the call")
    cancel_run(run_id=run.id, at=now())
    assert finished(run).status == "CANCELLED"
    assert step_of(run, "say").status == "CANCELLED"
