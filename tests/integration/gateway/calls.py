"""Planned calls on a tenant, completed by the task's own service against the test provider."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from agentplatform.calls.contracts import CallOutcome, CallPlan
from agentplatform.core.clock import now
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import transaction
from apps.gateway import facade
from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.models import LlmEvent
from apps.gateway.services.complete_calls import complete_calls
from apps.gateway.services.plan_completions import plan_completions
from apps.tenants.contracts import BudgetUse
from apps.tenants.facade import budget_use, open_run_account
from apps.tenants.models import Account, LedgerEntry, Reservation, Tenant
from tests.outcomes import outcomes_of
from tests.provider import Provider


@dataclass(frozen=True)
class Work:
    """A tenant's run with one step, whose calls are told apart by their index."""

    tenant_id: UUID
    run_id: UUID
    step_id: UUID

    def plan(self, *, index: int = 0, **request: Any) -> UUID:
        plan = CallPlan(
            tenant_id=self.tenant_id,
            run_id=self.run_id,
            step_id=self.step_id,
            attempt=1,
            turn=1,
            index=index,
        )
        request.setdefault("messages", (Message(role="user", content="Hello."),))
        batch = Batch()
        wanted = [(plan, CompletionRequest(**request))]
        planned = plan_completions(batch, wanted=wanted, at=now())
        with transaction():
            batch.execute()
            return planned()[0]

    def outcome(self, call_id: UUID) -> CallOutcome:
        all_of_turn = outcomes_of(facade, step_id=self.step_id, attempt=1, turn=1)
        (found,) = (one for one in all_of_turn if one.call_id == call_id)
        return found

    def complete(self, **request: Any) -> CallOutcome:
        """Plan one call and complete it."""
        call_id = self.plan(**request)
        complete_calls(call_ids=[call_id], clock=now)
        return self.outcome(call_id)


def start_work(
    *, token_budget: int | None = None, usd_nanos: int | None = None, run_budget: int | None = None
) -> Work:
    """A tenant with these limits and a run of it."""
    tenant = Tenant.objects.create(
        name="Acme",
        slug=f"acme-{uuid4().hex[:8]}",
        token_budget_monthly=token_budget,
        usd_budget_monthly_nanos=usd_nanos,
    )
    work = Work(tenant_id=tenant.id, run_id=uuid4(), step_id=uuid4())
    with transaction():
        open_run_account(tenant_id=tenant.id, run_id=work.run_id, token_limit=run_budget)
    return work


def use(work: Work) -> BudgetUse:
    return budget_use(tenant_id=work.tenant_id, at=now())


def events(work: Work) -> list[tuple[str, str, str]]:
    rows = LlmEvent.objects.filter(run_id=work.run_id).order_by("id")
    return [(row.provider, row.status, row.error_code) for row in rows]


def billed_tokens(provider: Provider) -> int:
    return sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed())


def assert_settled(work: Work) -> None:
    """Nothing is held, and posted is the sum of the ledger."""
    assert not Reservation.objects.exists()
    ledger = sum(LedgerEntry.objects.values_list("tokens", flat=True))
    for account in Account.objects.filter(tenant_id=work.tenant_id, unit="tokens"):
        assert (account.reserved, account.posted) == (0, ledger)
