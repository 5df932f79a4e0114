"""Who spends: a tenant, a user of it, a key and a run."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.transactions import transaction
from apps.gateway.services.books import Books
from apps.tenants.contracts import Admission, BudgetOwner, Settlement
from apps.tenants.facade import open_run_account, settle
from apps.tenants.models import Account, Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.member_budget import set_member_budget
from tests.accounts import spending_accounts

NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Work:
    """A tenant with a user, a key of the user and a run that was started with it."""

    def __init__(self, **limits: Any) -> None:
        self.tenant: Tenant = create_tenant(name="Acme", at=now(), **limits)
        self.user_id = create_user(tenant_id=self.tenant.id, email="a@acme.org", at=now()).id
        self.key_id = create_api_key(
            tenant_id=self.tenant.id, name="ci", user_id=self.user_id, at=now()
        ).api_key_id
        self.run_id = self.start()

    def start(
        self, *, limit: int | None = None, parent: UUID | None = None, by: bool = True
    ) -> UUID:
        run_id = uuid4()
        with transaction():
            open_run_account(
                tenant_id=self.tenant.id,
                run_id=run_id,
                token_limit=limit,
                parent_run_id=parent,
                user_id=self.user_id if by else None,
                api_key_id=self.key_id if by else None,
            )
        return run_id

    @property
    def user(self) -> BudgetOwner:
        return BudgetOwner(user_id=self.user_id)

    @property
    def key(self) -> BudgetOwner:
        return BudgetOwner(api_key_id=self.key_id)

    def limit(
        self,
        owner: BudgetOwner,
        *,
        tokens: int | None = None,
        nanos: int | None = None,
        at: datetime = NOVEMBER,
    ) -> None:
        set_member_budget(
            tenant_id=self.tenant.id,
            owner=owner,
            token_limit=tokens,
            usd_limit_nanos=nanos,
            at=at,
        )

    def wish(
        self, tokens: int, *, nanos: int = 0, run_id: UUID | None = None, at: datetime = NOVEMBER
    ) -> Admission:
        accounts = spending_accounts(tenant_id=self.tenant.id, run_id=run_id or self.run_id, at=at)
        amounts = {"tokens": tokens, "nanos": nanos}
        return Admission(
            attempt_id=uuid4(),
            tenant_id=self.tenant.id,
            call_id=uuid4(),
            run_id=run_id or self.run_id,
            lines=tuple((one.account_id, amounts[one.unit]) for one in accounts),
            tokens=tokens,
            cost_nanos=nanos,
            deadline=at + timedelta(minutes=5),
        )

    def use(self, tokens: int, *, nanos: int = 0, at: datetime = NOVEMBER, **more: Any) -> str:
        """The kind of account that refuses; "" when the call was made and settled."""
        wish = self.wish(tokens, nanos=nanos, at=at, **more)
        (refusal,) = admit(wish, at=at)
        if refusal is not None:
            return str(Account.objects.get(id=refusal).kind)
        finish(wish, tokens=tokens, nanos=nanos, at=at)
        return ""

    def used(self, kind: str, unit: str = "tokens", **more: Any) -> int:
        rows = Account.objects.filter(tenant=self.tenant, kind=kind, unit=unit, **more)
        return sum(rows.values_list("posted", flat=True))


def admit(*wishes: Admission, at: datetime = NOVEMBER) -> list[int | None]:
    async def book() -> list[int | None]:
        books = Books()
        try:
            return await asyncio.gather(*(books.admit(one, at=at) for one in wishes))
        finally:
            await books.close()

    return asyncio.run(book())


def finish(wish: Admission, *, tokens: int, nanos: int = 0, at: datetime = NOVEMBER) -> None:
    with transaction():
        settle(
            settlements=[Settlement(attempt_id=wish.attempt_id, tokens=tokens, cost_nanos=nanos)],
            at=at,
        )


def at_once(action: Callable[[], Any]) -> list[Any]:
    """What six threads get that do it together."""

    def act(_number: int) -> Any:
        with brief_connection():
            return action()

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(copy_context().run, act, number) for number in range(6)]
        return [future.result() for future in futures]


def month(text: str) -> datetime:
    return datetime.fromisoformat(text)
