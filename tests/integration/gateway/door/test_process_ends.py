"""What a web process does with answers that take longer than it has, once it is told to stop."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from agentplatform.core.wait import wait_for
from apps.tenants.models import LedgerEntry, Reservation
from tests.integration.gateway.door.serving import Caller
from tests.integration.gateway.door.web_process import Web, web_process
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
DRAIN_SECONDS = 3
PLAIN = "openai:gpt-4o-mini-latency-60000"
LARGE_TOKENS = 2_000_000
LARGE = f"openai:gpt-4o-mini-tokens-{LARGE_TOKENS}"
STREAM = "openai:gpt-4o-mini-tokens-600-pace-100"
Chats = Callable[..., httpx.Response]


@pytest.fixture
def web(caller: Callable[..., Caller], provider: Provider, tmp_path: Path) -> Iterator[Web]:
    log = tmp_path / "web.log"
    with web_process(provider, log, DRAIN_SECONDS=str(DRAIN_SECONDS)) as running:
        yield running


@pytest.fixture
def given_up(
    web: Web, caller: Callable[..., Caller], provider: Provider
) -> Callable[..., httpx.Response]:
    """What a request gets whose answer takes longer than the process that is told to stop has."""
    client = web.at(caller())

    def ask(**request: Any) -> httpx.Response:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.chat, **request)
            wait_for(
                lambda: provider.requests()["in_flight"] == 1, timeout_seconds=30, what="the call"
            )
            web.process.send_signal(signal.SIGTERM)
            answer = asked.result()
        web.process.wait(30)
        return answer

    return ask


def _assert_charged_as_unconfirmed() -> None:
    entry = LedgerEntry.objects.get()
    assert not entry.is_confirmed
    assert entry.tokens > 0
    assert not Reservation.objects.exists()


def test_a_plain_request_is_told_to_try_again_and_charged(given_up: Chats) -> None:
    answer = given_up(model=PLAIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"]["code"] == "unavailable"
    _assert_charged_as_unconfirmed()


def test_a_stream_ends_as_an_error_and_is_charged(given_up: Chats) -> None:
    answer = given_up(model=STREAM, stream=True)
    *said, last = [line[6:] for line in answer.text.split("\n\n") if line]
    assert said
    assert json.loads(last)["error"]["code"] == "unavailable"
    _assert_charged_as_unconfirmed()


def test_a_client_that_does_not_read_does_not_hold_it_up(
    web: Web, caller: Callable[..., Caller], provider: Provider
) -> None:
    client = web.at(caller())
    hello = [{"role": "user", "content": "Hello."}]
    body = json.dumps({"model": LARGE, "messages": hello, "max_tokens": LARGE_TOKENS})
    request = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {client.secret}\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    )
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", web.port))
        line.sendall(request.encode())
        wait_for(lambda: LedgerEntry.objects.exists(), timeout_seconds=30, what="the answer")
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(15)
