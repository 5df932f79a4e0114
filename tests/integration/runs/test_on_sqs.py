"""Whole runs on SQS's protocol: the very tests of test_flow, and a run that is cancelled."""

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.runs.services.cancel_run import cancel_run
from tests.integration.runs.conftest import RunMaker, finished, step_of
from tests.integration.runs.test_flow import *  # noqa: F403
from tests.provider import Provider

pytestmark = [
    pytest.mark.usefixtures("workers"),
    pytest.mark.parametrize("broker", ["sqs"], indirect=True),
]


def test_a_run_whose_call_is_under_way_is_cancelled(make_run: RunMaker, provider: Provider) -> None:
    provider.control(behaviour="latency-4000")
    run = make_run([{"name": "say", "kind": "llm", "prompt": "Hello"}])
    wait_for(lambda: provider.requests()["in_flight"], timeout_seconds=30, what="the call")
    cancel_run(run_id=run.id, at=now())
    assert finished(run).status == "CANCELLED"
    assert step_of(run, "say").status == "CANCELLED"
