import pytest

from agentplatform.calls.states import CALL
from agentplatform.core.state_machine import IllegalTransition


def test_success_failure_and_cancellation_are_final():
    assert CALL.terminal == {"SUCCESS", "FAILED", "CANCELLED"}


@pytest.mark.parametrize("target", ["SUCCESS", "FAILED"])
def test_only_a_running_call_can_end(target):
    assert CALL.sources_of(target) == {"RUNNING"}


def test_a_call_that_has_ended_stays_so():
    with pytest.raises(IllegalTransition):
        CALL.check("SUCCESS", "QUEUED")
