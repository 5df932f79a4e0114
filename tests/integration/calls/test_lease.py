"""The lease of a call: extended while it is held, and missed by its holder once it is gone."""

from agentplatform.calls.cancel import cancel_rows
from agentplatform.calls.claim import claim_row
from agentplatform.calls.lease import lease_renewer
from agentplatform.calls.move import finish_row
from agentplatform.calls.states import SUCCESS
from agentplatform.core.clock import now
from agentplatform.core.leases import CALL_LEASE


def test_a_renewal_extends_the_leases_that_are_held_and_no_other(model, plan):
    at = now() - CALL_LEASE / 2
    held, other = (claim_row(model, call_id=plan().id, at=at) for _ in range(2))
    leases = lease_renewer(model)
    with leases.hold(held.lease_token, tenant_id=held.tenant_id) as is_lost:
        leases.renew_held()
        assert not is_lost.is_set()
    assert leases.held == frozenset()
    held.refresh_from_db()
    other.refresh_from_db()
    assert held.lease_expires_at > other.lease_expires_at == at + CALL_LEASE


def test_the_holder_learns_that_its_call_was_cancelled_and_cannot_finish_it(model, plan):
    call = claim_row(model, call_id=plan().id, at=now())
    leases = lease_renewer(model)
    with leases.hold(call.lease_token, tenant_id=call.tenant_id) as is_lost:
        assert cancel_rows(model, run_id=call.run_id, at=now()) == 1
        leases.renew_held()
        assert is_lost.is_set()
    assert finish_row(call, to=SUCCESS, at=now(), response={}) is False
    call.refresh_from_db()
    assert (call.status, call.response, call.error["code"]) == ("CANCELLED", None, "cancelled")


def test_the_holder_learns_that_another_worker_has_taken_over(model, plan):
    at = now() - CALL_LEASE
    call = claim_row(model, call_id=plan().id, at=at)
    leases = lease_renewer(model)
    with leases.hold(call.lease_token, tenant_id=call.tenant_id) as is_lost:
        assert claim_row(model, call_id=call.id, at=now()) is not None
        leases.renew_held()
        assert is_lost.is_set()
