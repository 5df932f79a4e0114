"""Batches that gather while another is in flight, and connections that break under them."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from agentplatform.core.postgresql import group_commit
from agentplatform.core.postgresql.group_commit import (
    Connection,
    DatabaseSilent,
    GroupCommit,
    connect,
    execute,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """Doubles numbers, and remembers the batches. Negative numbers are refused; `breaks` batches
    are lost with their connection first."""

    def __init__(self, breaks: int = 0) -> None:
        self.batches: list[list[int]] = []
        self.breaks = breaks

    async def send(self, connection: Connection, wishes: Sequence[int]) -> list[int]:
        self.batches.append(list(wishes))
        if self.breaks:
            self.breaks -= 1
            await connection.close()
        rows = await execute(
            connection, [("select 2 * sqrt(%s)::int as answer", [wish**2]) for wish in wishes]
        )
        if any(wish < 0 for wish in wishes):
            raise psycopg.DataError("negative")
        return [row["answer"] for (row,) in rows]


def ask(server: Server, *numbers: int, patience_seconds: float = 0.0) -> list[int | BaseException]:
    async def gather() -> list[int | BaseException]:
        group = GroupCommit(server.send)
        asked = (group.ask(number, patience_seconds=patience_seconds) for number in numbers)
        try:
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await group.close()

    return asyncio.run(gather())


def test_wishes_of_the_same_moment_are_one_batch() -> None:
    server = Server()
    assert ask(server, 1, 2, 3) == [2, 4, 6]
    assert server.batches == [[1, 2, 3]]


def test_a_wish_that_is_refused_does_not_fail_the_others() -> None:
    first, refused, last = ask(Server(), 1, -2, 3)
    assert (first, last) == (2, 6)
    assert isinstance(refused, psycopg.DataError)


def test_a_broken_connection_is_made_anew_and_the_batch_sent_again() -> None:
    server = Server(breaks=1)
    assert ask(server, 1, 2) == [2, 4]
    assert server.batches == [[1, 2], [1, 2]]


def test_without_patience_the_second_loss_is_told() -> None:
    (told,) = ask(Server(breaks=2), 1)
    assert isinstance(told, psycopg.OperationalError)


def test_with_patience_it_is_sent_until_it_lands() -> None:
    assert ask(Server(breaks=4), 1, patience_seconds=5) == [2]


class Slow:
    """Does not answer "slow" until it may, nor "silent" within a minute, and remembers what it has
    done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def send(self, connection: Connection, wishes: Sequence[str]) -> list[str]:
        pauses = [60 if one == "silent" else 0 for one in wishes]
        await execute(connection, [("select pg_sleep(%s)", [one]) for one in pauses])
        if "slow" in wishes:
            self.is_asked.set()
            await self.may_answer.wait()
        self.done += wishes
        return list(wishes)


def test_who_asks_waits_no_longer_than_he_will_and_what_is_under_way_goes_on() -> None:
    async def ask_slowly() -> list[str]:
        slow = Slow()
        group = GroupCommit(slow.send, wait_seconds=0.2)
        await group.ask("first")
        asked = [asyncio.create_task(group.ask("slow"))]
        await slow.is_asked.wait()
        asked.append(asyncio.create_task(group.ask("hasty")))
        patient = asyncio.create_task(group.ask("patient", patience_seconds=5))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [DatabaseSilent, DatabaseSilent]
        with pytest.raises(DatabaseSilent, match="under way"):
            await group.ask("late")
        slow.may_answer.set()
        await patient
        await group.close()
        return slow.done

    assert asyncio.run(ask_slowly()) == ["first", "slow", "patient"]


def test_a_connection_on_which_nothing_comes_is_given_up_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "HASTY_SILENCE_SECONDS", 0.3)

    async def ask_in_vain() -> list[str]:
        slow = Slow()
        group = GroupCommit(slow.send, wait_seconds=0.1)
        await group.ask("first")
        with pytest.raises(DatabaseSilent):
            await group.ask("silent")
        await group.ask("patient", patience_seconds=5)
        await group.close()
        return slow.done

    assert asyncio.run(ask_in_vain()) == ["first", "patient"]


def test_statements_that_go_together_commit_together() -> None:
    async def half() -> int:
        connection = await connect()
        try:
            await connection.execute("create temporary table things (number int)")
            with pytest.raises(psycopg.errors.DivisionByZero):
                await execute(
                    connection, [("insert into things values (%s)", [1]), ("select 1 / 0", ())]
                )
            (rows,) = await execute(connection, [("select count(*) from things", ())])
            return int(rows[0]["count"])
        finally:
            await connection.close()

    assert asyncio.run(half()) == 0
