"""A web process whose PostgreSQL or Valkey refuses, falls silent, and comes back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.chaos.wire import Wire
from tests.database import role_addresses
from tests.integration.gateway.door.serving import Caller
from tests.integration.gateway.door.web_process import Web, web_process
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
HANGING_SECONDS = 3.0
"""No answer of a machine that is busy with other tests takes this long; how quick they are, the
bench measures."""
STREAMED = "openai:gpt-4o-mini-tokens-150-pace-10"


@dataclass
class House:
    """A web process, and what lies between it and its servers."""

    web: Web
    postgresql: Wire
    valkey: Wire

    def mend(self) -> None:
        self.postgresql.mend()
        self.valkey.mend()


@pytest.fixture(scope="module")
def one_house(
    django_db_setup: None,
    provider: Provider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    addresses = role_addresses()
    postgresql = Wire(urlsplit(next(iter(addresses.values()))).port or 0)
    valkey = Wire(urlsplit(settings.REDIS_URL).port or 0)
    more = {name: _through(postgresql, address) for name, address in addresses.items()}
    more["REDIS_URL"] = _through(valkey, settings.REDIS_URL)
    more["GATEWAY_WAIT_SECONDS"] = "1"
    with web_process(provider, tmp_path_factory.mktemp("away") / "web.log", **more) as web:
        yield House(web, postgresql, valkey)
    postgresql.close()
    valkey.close()


@pytest.fixture
def house(one_house: House) -> Iterator[House]:
    yield one_house
    one_house.mend()


@pytest.fixture
def there(house: House, client: Caller) -> Caller:
    """Somebody whose calls are answered, and who is known here."""
    caller = house.web.at(client)
    wait_for(lambda: caller.chat().status_code == 200, timeout_seconds=15, what="an answer")
    return caller


def _through(wire: Wire, address: str) -> str:
    parts = urlsplit(address)
    return address.replace(f":{parts.port}/", f":{wire.port}/")


def _ask_often(client: Caller, times: int = 12) -> list[tuple[httpx.Response, float]]:
    """Answers, and how long each took, asked every 100 ms over connections that are open."""
    body = {"model": "default", "messages": [{"role": "user", "content": "Hello."}]}
    headers = {"authorization": f"Bearer {client.secret}"}
    with httpx.Client(headers=headers, timeout=30) as http, ThreadPoolExecutor(times) as pool:

        def ask(number: int) -> tuple[httpx.Response, float]:
            time.sleep(0.1 * number)
            began = time.monotonic()
            answer = http.post(f"{client.address}/v1/chat/completions", json=body)
            return answer, time.monotonic() - began

        return list(pool.map(ask, range(times)))


def _stream(client: Caller) -> str:
    return client.chat(model=STREAMED, stream=True).text


def _check_none_hangs(took: list[float]) -> None:
    assert max(took) < HANGING_SECONDS


def _check_books(provider: Provider) -> None:
    """Every bill has its exact entry, and nothing is held."""
    wait_for(lambda: not Reservation.objects.exists(), timeout_seconds=10, what="the settlements")
    billed = {
        bill["headers"]["x-client-request-id"]: bill["prompt_tokens"] + bill["completion_tokens"]
        for bill in provider.billed()
    }
    entries = LedgerEntry.objects.all()
    assert {str(entry.attempt_id): entry.tokens for entry in entries} == billed
    assert all(entry.is_confirmed for entry in entries)
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert (account.posted, account.reserved) == (sum(billed.values()), 0)


@pytest.mark.parametrize("fault", ["refuse", "silence"])
def test_without_valkey_answers_go_on_at_once_and_the_books_are_exact(
    house: House, there: Caller, provider: Provider, fault: str
) -> None:
    getattr(house.valkey, fault)()
    answers = _ask_often(there)
    assert [answer.status_code for answer, _ in answers] == [200] * len(answers)
    _check_none_hangs([took for _, took in answers])
    house.mend()
    assert there.chat().status_code == 200
    _check_books(provider)


def test_without_valkey_a_process_learns_of_an_outage_by_itself(
    house: House, there: Caller
) -> None:
    house.valkey.silence()
    failing = "openai:gpt-4o-mini-alone-error-503"

    def code() -> str:
        return str(there.chat(model=failing).json()["error"]["code"])

    wait_for(lambda: code() == "circuit_open", timeout_seconds=30, what="the open circuit")
    assert there.chat().status_code == 200


@pytest.mark.parametrize("fault", ["refuse", "silence"])
def test_without_postgresql_calls_are_refused_at_once_and_streams_end_and_are_settled_later(
    house: House, there: Caller, provider: Provider, fault: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(_stream, there)
        wait_for(
            lambda: provider.requests()["in_flight"] == 1 or stream.done(),
            timeout_seconds=10,
            what="the stream",
        )
        assert not stream.done(), stream.result()
        getattr(house.postgresql, fault)()
        refused = _ask_often(there, times=20)
        assert stream.result().endswith("data: [DONE]\n\n")
    for answer, _ in refused:
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "database" in answer.json()["error"]["message"]
    _check_none_hangs([took for _, took in refused])
    house.mend()
    wait_for(lambda: there.chat().status_code == 200, timeout_seconds=10, what="an answer again")
    _check_books(provider)


def test_a_line_that_loses_what_was_on_it_is_given_up_and_made_anew(
    house: House, there: Caller, provider: Provider
) -> None:
    house.postgresql.silence()
    _check_none_hangs([took for _, took in _ask_often(there)])
    house.postgresql.drop()
    house.mend()
    wait_for(lambda: there.chat().status_code == 200, timeout_seconds=10, what="an answer again")
    _check_books(provider)


def _book_unheard(house: House, there: Caller) -> bool:
    """Whether a call was refused whose booking was made: the door may also have been slow, and
    asked for something else before it."""
    body = {"model": "default", "messages": [{"role": "user", "content": "Hello."}]}
    headers = {"authorization": f"Bearer {there.secret}"}
    address = f"{there.address}/v1/chat/completions"
    house.mend()
    with httpx.Client(headers=headers, timeout=30) as http:
        if http.post(address, json=body).status_code != 200:
            return False
        wait_for(lambda: not Reservation.objects.exists(), timeout_seconds=5, what="the end")
        house.postgresql.hold_answers()
        assert http.post(address, json=body).status_code == 503
    house.postgresql.silence()
    return Reservation.objects.count() == 1


def test_a_booking_whose_answer_is_lost_is_taken_back(
    house: House, there: Caller, provider: Provider
) -> None:
    wait_for(lambda: _book_unheard(house, there), timeout_seconds=30, what="a booking")
    house.mend()
    wait_for(lambda: not Reservation.objects.exists(), timeout_seconds=10, what="the return")
    _check_books(provider)


def test_a_booking_that_nobody_takes_back_expires(
    house: House, there: Caller, provider: Provider
) -> None:
    wait_for(lambda: _book_unheard(house, there), timeout_seconds=30, what="a booking")
    assert expire_reservations(at=now() + timedelta(hours=1)) == 1
    account = Account.objects.get(kind="tenant", unit="tokens")
    assert account.reserved == 0
    assert account.posted == sum(LedgerEntry.objects.values_list("tokens", flat=True))
    assert LedgerEntry.objects.filter(is_confirmed=False).count() == 1
    assert len(provider.billed()) == LedgerEntry.objects.filter(is_confirmed=True).count()


def test_a_key_that_was_claimed_unheard_is_free(
    house: House, there: Caller, provider: Provider
) -> None:
    header = {"idempotency-key": "k"}
    body = {"model": "default", "messages": [{"role": "user", "content": "Hello."}]}
    assert there.post(body, headers={"idempotency-key": "first"}).status_code == 200
    before = len(provider.billed())
    house.postgresql.hold_answers()
    assert there.post(body, headers=header).status_code == 503
    house.mend()
    wait_for(
        lambda: there.post(body, headers=header).status_code == 200,
        timeout_seconds=10,
        what="the free key",
    )
    assert len(provider.billed()) == before + 1
