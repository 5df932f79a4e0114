"""`manage.py reconcile_ledger`: whether the books add up, and what corrects them."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from agentplatform.core.transactions import scope_connection, transaction
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.contracts import Admission, Settlement
from apps.tenants.facade import settle
from apps.tenants.models import Account, AuditEntry, LedgerEntry, Tenant
from apps.tenants.services.book import BOOK, book_arguments
from tests.accounts import spending_accounts
from tests.integration.gateway.calls import Work, start_work

pytestmark = pytest.mark.django_db


def hold(work: Work, *, tokens: int = 100, nanos: int | None = 500) -> UUID:
    """An attempt that holds these amounts and whose worker died."""
    accounts = spending_accounts(tenant_id=work.tenant_id, run_id=work.run_id, at=now())
    amounts = {"tokens": tokens, "nanos": nanos}
    admission = Admission(
        attempt_id=uuid4(),
        tenant_id=work.tenant_id,
        call_id=work.plan(index=LlmEvent.objects.count()),
        run_id=work.run_id,
        lines=tuple(
            (one.account_id, amount)
            for one in accounts
            if (amount := amounts[one.unit]) is not None
        ),
        tokens=tokens,
        cost_nanos=nanos,
        deadline=now() - timedelta(seconds=1),
        memo={"provider": "openai", "model": "m", "prompt_tokens": 60, "completion_tokens": 40},
    )
    with scope_connection().cursor() as cursor:
        cursor.execute(BOOK, book_arguments(settlements=(), admissions=(admission,), at=now()))
    return admission.attempt_id


def lost(work: Work, **amounts: Any) -> UUID:
    """An attempt that was charged for want of better knowledge."""
    attempt_id = hold(work, **amounts)
    expire_reservations(at=now())
    return attempt_id


def reconcile(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reconcile_ledger", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("reconcile_ledger", *arguments, stdout=out, stderr=out)
    assert error.value.returncode == 1
    return f"{out.getvalue()}{error.value}"


def posted() -> dict[tuple[str, str], int]:
    return {(row.kind, row.unit): row.posted for row in Account.objects.all()}


def test_books_that_add_up_are_said_to() -> None:
    work = start_work()
    hold(work)
    assert reconcile() == "0 wrong accounts, 0 wrong attempts, 0 unconfirmed charges\n"
    attempt = lost(work)
    told = reconcile()
    assert f"unconfirmed: {attempt} at" in told
    assert told.endswith("0 wrong accounts, 0 wrong attempts, 2 unconfirmed charges\n")


def test_an_account_that_differs_from_its_ledger_is_named() -> None:
    work = start_work()
    lost(work)
    hold(work)
    Account.objects.filter(kind="run").update(posted=7, reserved=9)
    told = refused()
    assert f"run {work.run_id} tokens: posted 7, ledger 100; reserved 9, held 100" in told
    assert "1 wrong accounts" in told
    assert "do not add up" in told


def test_an_attempt_that_was_not_charged_or_otherwise_is_named() -> None:
    work = start_work()
    attempt = lost(work)
    LlmEvent.objects.filter(attempt_id=attempt).update(completion_tokens=50)
    assert f"{attempt}: used 110 tokens, 0.000000500 USD, charged 100 tokens" in refused()
    LlmEvent.objects.filter(attempt_id=attempt).update(completion_tokens=40, attempt_id=uuid4())
    told = refused()
    assert "charged nothing" in told
    assert f"{attempt}: used nothing, charged 100 tokens" in told
    assert "2 wrong attempts" in told


def test_what_was_purged_with_its_run_is_no_mistake() -> None:
    work = start_work()
    lost(work)
    LlmEvent.objects.all().delete()
    LlmCall.objects.all().delete()
    assert "0 wrong attempts" in reconcile()


def test_one_tenant_is_looked_at_alone() -> None:
    work, other = start_work(), start_work()
    lost(work)
    lost(other)
    Account.objects.filter(tenant_id=other.tenant_id).update(posted=1)
    slugs = {row.id: row.slug for row in Tenant.objects.all()}
    assert "1 unconfirmed" in reconcile(slugs[work.tenant_id])
    assert "3 wrong accounts" in refused(slugs[other.tenant_id])
    assert "no tenant" in refused("nobody")


def test_a_correction_is_a_new_row_and_moves_every_account() -> None:
    work = start_work()
    attempt = lost(work)
    assert reconcile("--release", str(attempt), "--actual", "70,300") == (
        f"{attempt} corrected: 70 tokens, 0.000000300 USD\n"
    )
    assert posted() == {("tenant", "tokens"): 70, ("tenant", "nanos"): 300, ("run", "tokens"): 70}
    rows = LedgerEntry.objects.order_by("id")
    assert [(row.kind, row.tokens, row.cost_nanos, row.is_confirmed) for row in rows] == [
        ("settlement", 100, 500, False),
        ("correction", -30, -200, True),
    ]
    event = LlmEvent.objects.get()
    assert (event.prompt_tokens, event.completion_tokens, event.cost_nanos) == (60, 10, 300)
    assert event.is_confirmed
    entry = AuditEntry.objects.get(action="charge.corrected")
    assert (entry.before, entry.after) == (
        {"tokens": 100, "cost_nanos": 500}, {"tokens": 70, "cost_nanos": 300}
    )  # fmt: skip
    assert reconcile() == "0 wrong accounts, 0 wrong attempts, 0 unconfirmed charges\n"


def test_the_sums_of_a_call_that_is_over_follow_its_charges() -> None:
    work = start_work()
    attempt_id = hold(work)
    call = LlmCall.objects.filter(status="QUEUED")
    sums = LlmCall.objects.values_list("prompt_tokens", "completion_tokens", "cost_nanos")
    assert call.update(status="FAILED") == 1
    expire_reservations(at=now())
    event = LlmEvent.objects.get()
    assert sums.get() == (60, 40, event.cost_nanos)
    reconcile("--release", str(attempt_id), "--actual", "70,500")
    assert sums.get() == (60, 10, 500)


def test_an_attempt_that_used_nothing_or_more_than_was_held_is_corrected_to_that() -> None:
    work = start_work()
    nothing, more = lost(work), lost(work)
    reconcile("--release", str(nothing), "--actual", "0,0")
    reconcile("--release", str(more), "--actual", "1000,9000")
    assert posted()["tenant", "tokens"] == 1000
    assert posted()["tenant", "nanos"] == 9000


def test_a_second_correction_changes_nothing() -> None:
    work = start_work()
    attempt = lost(work)
    reconcile("--release", str(attempt), "--actual", "70,300")
    assert "was corrected before" in reconcile("--release", str(attempt), "--actual", "70,300")
    assert "was corrected to 70 tokens" in refused("--release", str(attempt), "--actual", "71,300")
    assert LedgerEntry.objects.count() == 2


def test_a_charge_without_a_price_is_corrected_in_tokens() -> None:
    work = start_work()
    attempt = lost(work, nanos=None)
    assert "price" in refused("--release", str(attempt), "--actual", "70,300")
    assert "unknown cost" in reconcile("--release", str(attempt), "--actual", "70")
    assert posted()["run", "tokens"] == 70
    assert "0 wrong accounts, 0 wrong attempts" in reconcile()


def test_what_is_known_is_not_corrected() -> None:
    work = start_work()
    attempt = hold(work)
    with transaction():
        settle(settlements=[Settlement(attempt_id=attempt, tokens=70, cost_nanos=300)], at=now())
    assert "nothing to correct" in refused("--release", str(attempt), "--actual", "60,300")
    assert "no entry" in refused("--release", str(uuid4()), "--actual", "60,300")


def test_a_file_of_the_provider_corrects_what_it_can_and_names_the_rest(tmp_path: Path) -> None:
    work = start_work()
    first, second, unknown = lost(work), lost(work), uuid4()
    file = tmp_path / "usage.csv"
    file.write_text(
        f"attempt_id,tokens,nanos,model\n{first},10,20,m\n{unknown},1,1,m\n{second},30,40,m\n",
        encoding="utf-8",
    )
    told = refused("--release-file", str(file))
    assert f"no entry of the attempt {unknown}" in told
    assert "1 of 3 could not be corrected" in told
    assert posted()["tenant", "tokens"] == 40


@pytest.mark.parametrize(
    "arguments",
    [
        ["--release", "x", "--actual", "1,2"],
        ["--release", "01a2069c-11c5-7797-b92b-569ba5bb1560"],
        ["--actual", "1,2"],
        ["--release", "01a2069c-11c5-7797-b92b-569ba5bb1560", "--actual", "1,2,3"],
        ["--release", "01a2069c-11c5-7797-b92b-569ba5bb1560", "--actual", "1.5,2"],
        ["--release", "01a2069c-11c5-7797-b92b-569ba5bb1560", "--actual", "-1,2"],
        ["--release-file", "missing.csv"],
    ],
)
def test_bad_input_is_explained(arguments: list[str]) -> None:
    assert refused(*arguments)


def test_a_file_with_a_wrong_line_changes_nothing(tmp_path: Path) -> None:
    attempt = lost(start_work())
    file = tmp_path / "usage.csv"
    file.write_text(f"attempt_id,tokens,nanos\n{attempt},1,2\n{attempt},many,2\n", encoding="utf-8")
    assert "Line 3" in refused("--release-file", str(file))
    file.write_text("attempt,tokens\n", encoding="utf-8")
    assert "attempt_id,tokens,nanos" in refused("--release-file", str(file))
    assert LedgerEntry.objects.count() == 1
