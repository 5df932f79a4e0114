"""The gateway process: what it answers, and what it leaves when it is told to stop, or is killed,
under load. The provider's bill is the truth."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from agentplatform.settings.environment import ROOT
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.database import role_addresses
from tests.integration.gateway.door.serving import Caller
from tests.integration.gateway.door.test_refusals import TAKE_BACK
from tests.integration.gateway.door.web_process import Web, web_process
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 20
PARTS = {"database", "migrations", "isolation", "redis"}
MODELS = {True: "openai:gpt-4o-mini-tokens-60-pace-10", False: "openai:gpt-4o-mini-latency-400"}


@pytest.fixture
def web(caller: Callable[..., Caller], provider: Provider, tmp_path: Path) -> Iterator[Web]:
    """After `caller`, so that it ends before what it uses."""
    with web_process(provider, tmp_path / "web.log") as running:
        yield running


def _ask(client: Caller, is_streamed: bool) -> bool:
    """Whether the answer came whole."""
    try:
        answer = client.chat(model=MODELS[is_streamed], stream=is_streamed)
    except httpx.TransportError:
        return False
    is_whole = not is_streamed or answer.text.endswith("data: [DONE]\n\n")
    return answer.status_code == 200 and is_whole


def _end_under_load(web: Web, client: Caller, provider: Provider, how: signal.Signals) -> int:
    """How many answers came whole of CLIENTS that were under way, half of them streams."""
    client = web.at(client)
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(_ask, client, number % 2 == 0) for number in range(CLIENTS)]
        wait_for(
            lambda: provider.requests()["total"] == CLIENTS,
            timeout_seconds=30,
            every_seconds=0.01,
            what="the calls",
        )
        web.process.send_signal(how)
        whole = sum(one.result() for one in asked)
    web.process.wait(30)
    wait_for(lambda: provider.requests()["in_flight"] == 0, timeout_seconds=30, what="the provider")
    return whole


def test_it_answers_health_metrics_and_calls_and_nothing_else(
    web: Web, caller: Callable[..., Caller]
) -> None:
    client = web.at(caller())
    ready = client.get("/health/ready")
    assert (ready.status_code, set(ready.json()["parts"])) == (200, PARTS)
    assert client.chat(model="openai:gpt-4o-mini").status_code == 200
    assert "llm_requests_total" in client.get("/metrics").text
    for path in ("/api/v1/me", "/admin/", "/"):
        assert client.get(path).status_code == 404
    assert client.get("/api/v1/me").json()["code"] == "not_found"


def test_it_loads_neither_the_admin_nor_the_api_nor_what_sends_tasks() -> None:
    told = "import sys, agentplatform.asgi; print(*sys.modules)"
    environment = os.environ | role_addresses() | {"GATEWAY_ONLY": "true", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"unfold", "rest_framework", "celery", "kombu", "boto3", "playwright"}


def test_a_process_that_is_told_to_stop_answers_and_settles_what_is_under_way(
    web: Web, caller: Callable[..., Caller], provider: Provider
) -> None:
    assert _end_under_load(web, caller(), provider, signal.SIGTERM) == CLIENTS
    bills = provider.billed()
    used = sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in bills)
    assert sum(LedgerEntry.objects.values_list("tokens", flat=True)) == used
    assert LedgerEntry.objects.filter(is_confirmed=True).count() == CLIENTS
    assert not Reservation.objects.exists()


def test_a_process_that_is_killed_leaves_each_billed_call_with_one_entry(
    web: Web, caller: Callable[..., Caller], provider: Provider
) -> None:
    client = caller()
    whole = _end_under_load(web, client, provider, signal.SIGKILL)
    expire_reservations(at=now() + timedelta(hours=1))
    entries = {str(entry.attempt_id): entry for entry in LedgerEntry.objects.all()}
    assert len(entries) == CLIENTS
    for bill in provider.billed():
        entry = entries[bill["headers"]["x-client-request-id"]]
        used = bill["prompt_tokens"] + bill["completion_tokens"]
        assert entry.tokens == used if entry.is_confirmed else entry.tokens >= used
    assert sum(not entry.is_confirmed for entry in entries.values()) >= CLIENTS - whole
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert account.reserved == 0
    assert account.posted == sum(entry.tokens for entry in entries.values())
    assert not Reservation.objects.exists()


def test_keys_that_are_taken_back_are_refused_by_a_running_process_within_five_seconds(
    web: Web, caller: Callable[..., Caller]
) -> None:
    clients = [web.at(caller()) for _ in TAKE_BACK]
    assert [client.get("/v1/models").status_code for client in clients] == [200] * len(clients)
    for client, take_back in zip(clients, TAKE_BACK, strict=True):
        take_back(client)
    began = time.monotonic()
    for client in clients:
        wait_for(
            lambda client=client: client.get("/v1/models").status_code == 401,
            timeout_seconds=10,
            what="the refusal",
        )
    assert time.monotonic() - began < 5
