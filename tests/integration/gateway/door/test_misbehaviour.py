"""A provider that misbehaves, by the name of what it does: whoever asks gets another's answer or an
error that says so, and each attempt is charged what it may have cost."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from django.db import connections

from agentplatform.core.actor import Actor, acting
from agentplatform.core.tenancy import OWNER, platform_scope
from apps.tenants.models import Account, LedgerEntry, Reservation
from apps.tenants.services.authenticate import forget_credentials
from tests.database import delete_all_rows
from tests.integration.gateway.door.misbehaviour import (
    FORMS,
    Form,
    Seen,
    ask_all,
    billed,
    door,
    having,
    with_rows,
)
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE_SECONDS = 60.0
SHORT_SECONDS = 3.0
"""The deadline of calls to providers that say nothing."""
Charge = Literal["nothing", "held", "said", "exactly"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to come of it: `tries` attempts that end with `code`, each charged so. Without a
    code the first one answers; `is_broken`: its stream ends with an error, as it was read by
    then. `status` and `told` are what a client is told when nobody else is there to ask."""

    code: str = ""
    tries: int = 1
    charge: Charge = "nothing"
    is_broken: bool = False
    status: int = 503
    told: str = "providers_failed"


def failing(code: str, **more: Any) -> tuple[Wanted, Wanted]:
    """The same, plain and streamed."""
    return Wanted(code=code, **more), Wanted(code=code, **more)


def broken(plain: Wanted, code: str) -> tuple[Wanted, Wanted]:
    return plain, Wanted(code=code, charge="said", is_broken=True)


ANSWERED = Wanted(charge="exactly")
LOST = Wanted(code="connection_lost", tries=3, charge="held")
FAULTS: dict[str, tuple[Wanted, Wanted]] = {
    "error-429": failing("rate_limited", tries=3),
    "error-429-retry-1": failing("rate_limited", tries=3),
    "error-429-retry-60": failing("rate_limited"),
    "error-500": failing("unavailable", tries=3),
    "error-503": failing("unavailable", tries=3),
    "error-529": failing("unavailable", tries=3),
    "error-400-context": failing("context_too_long", status=400, told="context_length_exceeded"),
    "error-401": failing("authentication_failed", status=502),
    "error-402": failing("out_of_credit", status=502),
    "reset-before-headers": failing("connection_lost", tries=3, charge="held"),
    "slow-headers-60000": failing("timeout", charge="held"),
    "no-answer": failing("timeout", charge="held"),
    "malformed-json": (Wanted(code="invalid_answer", tries=3, charge="held"), LOST),
    "malformed-chunk-pace-200": broken(ANSWERED, "invalid_answer"),
    "stream-cut": broken(LOST, "connection_lost"),
    "stream-stalled": broken(Wanted(code="timeout", charge="held"), "timeout"),
    "no-done": (ANSWERED, ANSWERED),
    "missing-usage": (Wanted(charge="held"), Wanted(charge="held")),
    "usage-above": (ANSWERED, ANSWERED),
    "nul-text": (ANSWERED, ANSWERED),
    "surrogate-text": (ANSWERED, ANSWERED),
    "body-50mb": (ANSWERED, ANSWERED),
}
"""By the test provider's name of what goes wrong: plain, and streamed. What a provider writes
before it sees that nobody reads a broken stream any more is billed: it writes slowly."""
LARGE = "body-50mb"
LARGE_FORMS = [form for form in FORMS if form.name in ("chat-plain", "messages-streamed")]
"""Each takes seconds of a processor."""
SILENT = ["slow-headers-60000", "no-answer", "stream-stalled"]
Outcomes = dict[tuple[str, Form], Seen]


@pytest.fixture(scope="module")
def outcomes(
    provider: Provider, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Outcomes]:
    """What came of every fault in every form; nothing is left in the database."""
    actor = Actor(kind="system", name="test")
    with django_db_blocker.unblock(), platform_scope(), acting(actor):  # type: ignore[attr-defined]
        try:
            yield _outcomes(provider)
        finally:
            forget_credentials()
            delete_all_rows(connections[OWNER])


def _outcomes(provider: Provider) -> Outcomes:
    others = [fault for fault in FAULTS if fault not in (LARGE, *SILENT)]
    with door(provider, [*FAULTS], stream_idle_seconds=1.0) as caller:
        found = ask_all(caller, [LARGE], LARGE_FORMS, at_once=1)
        with having(call_deadline_seconds=SHORT_SECONDS):
            found |= ask_all(caller, SILENT, FORMS, at_once=8)
        with having(call_deadline_seconds=DEADLINE_SECONDS):
            found |= ask_all(caller, others, FORMS, at_once=16)
    bills = billed(provider)
    _assert_settled()
    return {case: with_rows(seen, bills) for case, seen in found.items()}


def _assert_settled() -> None:
    """Nothing is held, and posted is the sum of the ledger."""
    assert not Reservation.objects.exists()
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert account.reserved == 0
    assert account.posted == sum(LedgerEntry.objects.values_list("tokens", flat=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_misbehaving_provider(outcomes: Outcomes, fault: str) -> None:
    wrong = {}
    for form in LARGE_FORMS if fault == LARGE else FORMS:
        try:
            _check(form, FAULTS[fault][form.is_streamed], outcomes[fault, form])
        except AssertionError as error:
            wrong[form.name] = str(error)
    assert not wrong, "\n".join(f"{name}: {why}" for name, why in wrong.items())


def _check(form: Form, wanted: Wanted, seen: Seen) -> None:
    assert seen.seconds < DEADLINE_SECONDS
    _check_answer(form, wanted, seen)
    _check_attempts(form, wanted, seen)
    for attempt in seen.attempts[: wanted.tries]:
        _check_charge(wanted.charge, attempt, seen)


def _check_answer(form: Form, wanted: Wanted, seen: Seen) -> None:
    is_answered = not wanted.code or (form.has_backup and not wanted.is_broken)
    if is_answered:
        assert seen.status == 200, seen.text[:500]
        answerer = form.backup.partition(":")[0] if wanted.code else form.primary
        assert seen.headers["x-agentplatform-provider"] == answerer
        if form.is_streamed:
            assert seen.text.rstrip().endswith(form.end)
    elif wanted.is_broken:
        assert seen.status == 200
        assert form.end not in seen.text
        _check_error(form, seen.text.strip().splitlines()[-1].removeprefix("data: "), wanted.told)
    else:
        assert seen.status == wanted.status, seen.text[:500]
        for name in ("retry-after", "retry-after-ms"):
            assert (name in seen.headers) == (wanted.status == 503)
        assert ("x-should-retry" in seen.headers) == (wanted.status == 502)
        _check_error(form, seen.text, wanted.told)


def _check_error(form: Form, text: str, code: str) -> None:
    """An error as the clients of this door read them."""
    body = json.loads(text)
    if form.primary == "openai":
        validate_openai("ErrorResponse", body)
        assert body["error"]["code"] == code
    else:
        assert body["type"] == "error"
        assert body["error"]["type"] in ("overloaded_error", "api_error", "invalid_request_error")
    assert body["error"]["message"]


def _check_attempts(form: Form, wanted: Wanted, seen: Seen) -> None:
    told = [(one.provider, one.error_code) for one in seen.attempts]
    if not wanted.code:
        assert told == [(form.primary, "")]
        return
    others = (
        [] if wanted.is_broken or not form.has_backup else [(form.backup.partition(":")[0], "")]
    )
    assert told == [(form.primary, wanted.code)] * wanted.tries + others


def _check_charge(charge: Charge, attempt: Any, seen: Seen) -> None:
    entry, bill = seen.charges.get(attempt.attempt_id), seen.bills.get(attempt.attempt_id, 0)
    if charge == "nothing":
        assert entry is None
        assert bill == 0
        return
    assert entry is not None
    assert entry.is_confirmed == (charge == "exactly")
    if charge == "exactly":
        assert entry.tokens == bill
    elif charge == "held":
        assert entry.tokens == entry.reserved_tokens >= bill
    else:
        assert bill <= entry.tokens < entry.reserved_tokens
