"""What a setting does behind a transaction pooler: why the tenant's is transaction-local.

The setting is one of these tests' own; everything goes over one connection to the server.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.pooler import StartPooler

THREADS = 16
ROUNDS = 20

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def pooler(start_pooler: StartPooler) -> str:
    return start_pooler(os.environ["DATABASE_URL"], pool_size=1)


@pytest.fixture
def clients(pooler: str) -> Iterator[tuple[Connection, Connection]]:
    with open_client(pooler) as first, open_client(pooler) as second:
        yield first, second


def open_client(url: str) -> Connection:
    return psycopg.connect(url, autocommit=True, prepare_threshold=None)


def ask(client: Connection, query: str, *arguments: object) -> Any:
    row = client.execute(query, arguments).fetchone()
    assert row is not None
    return row[0]


def read(client: Connection) -> str:
    """The setting, as a policy reads it; empty when there is none."""
    return ask(client, "select current_setting('test.tenant_id', true)") or ""


def set_for_transaction(client: Connection, value: str) -> None:
    client.execute("select set_config('test.tenant_id', %s, true)", [value])


def set_for_session(client: Connection, value: str) -> None:
    client.execute("select set_config('test.tenant_id', %s, false)", [value])


def server_process(client: Connection) -> int:
    return int(ask(client, "select pg_backend_pid()"))


def test_a_transaction_local_setting_never_leaks_between_transactions(pooler: str) -> None:
    def work(_: int) -> list[tuple[str, bool, int]]:
        seen = []
        with open_client(pooler) as client:
            for _ in range(ROUNDS):
                own = str(uuid4())
                with client.transaction():
                    before = read(client)
                    set_for_transaction(client, own)
                    seen.append((before, read(client) == own, server_process(client)))
        return seen

    with ThreadPoolExecutor(THREADS) as threads:
        seen = [one for part in threads.map(work, range(THREADS)) for one in part]
    assert len(seen) == THREADS * ROUNDS
    assert {(before, is_own) for before, is_own, _ in seen} == {("", True)}
    assert len({process for _, _, process in seen}) == 1


def test_a_transaction_local_setting_ends_with_its_transaction(
    clients: tuple[Connection, Connection],
) -> None:
    first, second = clients
    with first.transaction():
        set_for_transaction(first, "one")
    assert (read(first), read(second)) == ("", "")


def test_a_transaction_local_setting_ends_with_a_client_that_leaves_in_mid_transaction(
    pooler: str,
) -> None:
    with open_client(pooler) as leaving:
        leaving.execute("begin")
        set_for_transaction(leaving, "one")
        leaving.pgconn.finish()
    with open_client(pooler) as next_one:
        assert read(next_one) == ""


def test_a_session_level_setting_leaks_to_the_next_client(
    clients: tuple[Connection, Connection],
) -> None:
    first, second = clients
    set_for_session(first, "one")
    assert read(second) == "one"


def test_a_session_level_setting_is_replaced_by_the_next_clients(
    clients: tuple[Connection, Connection],
) -> None:
    first, second = clients
    set_for_session(first, "one")
    set_for_session(second, "two")
    assert read(first) == "two"


def test_a_session_level_setting_outlives_its_client(pooler: str) -> None:
    with open_client(pooler) as first:
        set_for_session(first, "one")
    with open_client(pooler) as second:
        assert read(second) == "one"
