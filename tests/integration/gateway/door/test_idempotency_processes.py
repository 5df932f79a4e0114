"""Idempotency-Key over two web processes, one of which is killed while it works."""

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import KeyedCall
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.integration.gateway.door.serving import Caller
from tests.integration.gateway.door.web_process import Web, web_process
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN = "openai:gpt-4o-mini-latency-700"
STREAMED = "openai:gpt-4o-mini-tokens-60-pace-10"


@pytest.fixture
def web(client: Caller, provider: Provider, tmp_path: Path) -> Iterator[Web]:
    """Beside the door of this process; after `client`, so that it ends before what it uses."""
    with web_process(provider, tmp_path / "web.log") as running:
        yield running


def _ask(client: Caller, model: str, key: str) -> httpx.Response:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "Hello."}],
        "stream": model == STREAMED,
    }
    return client.post(body, headers={"idempotency-key": key})


def test_one_process_waits_for_the_answer_of_another_and_one_that_died_is_not_asked_for_again(
    web: Web, client: Caller, provider: Provider
) -> None:
    there = web.at(client)
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(_ask, at, model, f"{model}-0")
            for model in (PLAIN, STREAMED)
            for at in (there, client, there, client)
        ]
        _all_alike(asked[:4])
        _all_alike(asked[4:])
        assert len(provider.billed()) == 2

        lost = [pool.submit(_ask, there, model, f"{model}-1") for model in (PLAIN, STREAMED)]
        wait_for(lambda: provider.requests()["total"] == 4, timeout_seconds=10, what="the calls")
        web.process.send_signal(signal.SIGKILL)
        web.process.wait(10)
        waiting = [pool.submit(_ask, client, model, f"{model}-1") for model in (PLAIN, STREAMED)]
        assert not any(map(_is_whole, lost))
        KeyedCall.objects.filter(status=None).update(lease_expires_at=now())
        for one in waiting:
            answer = one.result()
            assert answer.status_code == 409
            assert answer.json()["error"]["code"] == "outcome_unknown"
    wait_for(lambda: provider.requests()["in_flight"] == 0, timeout_seconds=10, what="the provider")
    assert provider.requests()["total"] == 4
    _audit(provider)
    assert _ask(client, PLAIN, "another").status_code == 200


def _all_alike(asked: list["Future[httpx.Response]"]) -> None:
    answers = [one.result() for one in asked]
    assert [one.status_code for one in answers] == [200] * len(answers)
    assert len({one.content for one in answers}) == 1


def _is_whole(asked: "Future[httpx.Response]") -> bool:
    try:
        return asked.result().text.endswith("[DONE]\n\n")
    except httpx.TransportError:
        return False


def _audit(provider: Provider) -> None:
    """One entry for each bill, and nothing is held."""
    expire_reservations(at=now() + timedelta(hours=1))
    entries = {str(entry.attempt_id): entry for entry in LedgerEntry.objects.all()}
    assert len(entries) == 4
    assert sum(not entry.is_confirmed for entry in entries.values()) == 2
    for bill in provider.billed():
        entry = entries[bill["headers"]["x-client-request-id"]]
        used = bill["prompt_tokens"] + bill["completion_tokens"]
        assert entry.tokens == used if entry.is_confirmed else entry.tokens >= used
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert account.posted == sum(entry.tokens for entry in entries.values())
    assert account.reserved == 0
    assert not Reservation.objects.exists()
