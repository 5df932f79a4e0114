"""What the calls of one event loop hold and what came of them, booked by one connection."""

import asyncio
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from agentplatform.core.batches import Rest
from agentplatform.core.ids import new_id
from agentplatform.core.postgresql.group_commit import (
    Connect,
    Connection,
    GroupCommit,
    connect,
    execute,
)
from apps.gateway.services.endings import Ending, ending_statements
from apps.gateway.services.spacing import Spacing
from apps.tenants.contracts import Admission, BookingUnavailable, Settlement
from apps.tenants.facade import book_statement

log = structlog.get_logger("llm")

PATIENCE_SECONDS = 120.0
"""How long an answer that was paid for waits for a database that is away."""
GATHER_SECONDS = 0.02
"""For how long endings that may wait gather: the requests that follow their answers are admitted
meanwhile, and wait neither for this commit nor all together."""
CLOSE_SECONDS = 1.0
"""How long what is given back has at the end."""
CLOCK_SECONDS = 0.001
"""The event loop's timers know no shorter time."""
MAX_RETURNING = 256
"""So many admissions whose answer was lost are given back; what is left of more expires."""


@dataclass(frozen=True)
class _Hold:
    admission: Admission
    at: datetime


@dataclass(frozen=True)
class _Return:
    """What an attempt holds, if it does, is given back: nobody was asked."""

    attempt_id: UUID
    at: datetime


Wish = _Hold | _Return | Ending
Answer = int | bool | None


class Books:
    """Admits attempts and writes endings in the same batches: on connections of their own they
    would wait for each other, as both lock the accounts. Belongs to the event loop that uses it.

    A lost connection is made anew and the batch sent again: an attempt is admitted once, and ends
    once. `rest` is Batches'. With `wait_seconds` no admission waits longer for the database;
    `spacing` says how long it waits once it is had.
    """

    def __init__(
        self,
        connect: Connect = connect,
        *,
        rest: Rest | None = None,
        wait_seconds: float | None = None,
        spacing: Spacing | None = None,
    ) -> None:
        self._spacing = spacing
        self._group: GroupCommit[Wish, Answer] = GroupCommit(
            _book, connect=connect, rest=rest, wait_seconds=wait_seconds
        )
        self._returning: set[asyncio.Task[None]] = set()
        self._turn: asyncio.Event | None = None

    async def admit(self, admission: Admission, *, at: datetime) -> int | None:
        """None when every account of the admission holds its amount now, else the one that refused.

        Raises BookingUnavailable when the database does not answer. It may hold the amount all the
        same, if only its answer was lost: that is given back once there is a database again. So is
        what it holds when it is cancelled.
        """
        try:
            refusing = await self._group.ask(_Hold(admission, at))
            if refusing is None and self._spacing is not None:
                await _keep_space(self._spacing)
        except asyncio.CancelledError:
            self._give_back(_Return(admission.attempt_id, at))
            raise
        except (psycopg.Error, OSError) as error:
            self._give_back(_Return(admission.attempt_id, at))
            raise BookingUnavailable("The database does not answer; try again.") from error
        return refusing

    async def write(self, ending: Ending) -> bool:
        """Settle and write, however long the database is away, up to PATIENCE_SECONDS. Whether the
        call ended by it: False when its fence was lost. Harmless twice. Raises psycopg.Error."""
        return bool(await self._group.ask(ending, patience_seconds=PATIENCE_SECONDS))

    async def write_later(self, ending: Ending) -> bool:
        """The same, but after those for which somebody waits: within GATHER_SECONDS, or when
        `catch_up` or a cancellation says so."""
        if self._turn is None:
            self._turn = asyncio.Event()
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._end_turn, self._turn)
        try:
            await self._turn.wait()
        finally:
            is_kept = await self.write(ending)
        return is_kept

    async def catch_up(self, *, at: datetime) -> None:
        """Have written now what waits to be written later: who reads the accounts after this finds
        it settled. Raises psycopg.Error."""
        if (turn := self._turn) is None:
            return
        self._end_turn(turn)
        await asyncio.sleep(0)  # those that waited ask first, and a batch keeps their order
        await self._group.ask(_Return(new_id(), at))

    async def close(self) -> None:
        """Give the connection back; the next wish makes a new one."""
        if self._returning:
            await asyncio.wait(self._returning, timeout=CLOSE_SECONDS)
        for task in self._returning:
            task.cancel()
        await self._group.close()

    def _end_turn(self, turn: asyncio.Event) -> None:
        turn.set()
        if self._turn is turn:
            self._turn = None

    def _give_back(self, wish: _Return) -> None:
        if len(self._returning) >= MAX_RETURNING:
            return
        task = asyncio.create_task(self._ask_for(wish))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _ask_for(self, wish: _Return) -> None:
        try:
            await self._group.ask(wish, patience_seconds=PATIENCE_SECONDS)
        except (psycopg.Error, OSError) as error:
            log.warning("llm.not_given_back", attempt_id=str(wish.attempt_id), error=str(error))


async def _keep_space(spacing: Spacing) -> None:
    wait = spacing.wait_seconds(asyncio.get_running_loop().time())
    if wait >= CLOCK_SECONDS:
        await asyncio.sleep(wait)


async def _book(connection: Connection, wishes: Sequence[Wish]) -> list[Answer]:
    endings = [one for one in wishes if isinstance(one, Ending)]
    holds = [one for one in wishes if isinstance(one, _Hold)]
    settlements = [one.attempt.settlement() for one in endings if one.attempt is not None]
    settlements += [
        Settlement(attempt_id=one.attempt_id, tokens=0, cost_nanos=0)
        for one in wishes
        if isinstance(one, _Return)
    ]
    booking = book_statement(
        settlements=settlements,
        admissions=[hold.admission for hold in holds],
        at=max(one.at for one in wishes),
    )
    (booked, *others) = await execute(connection, [booking, *ending_statements(endings)])
    refusals = iter(booked[0]["refusals"])
    ended = {row["token"] for rows in others for row in rows if "token" in row}
    return [_answer_of(one, ended, refusals) for one in wishes]


def _answer_of(wish: Wish, ended: Container[UUID | None], refusals: Iterator[int]) -> Answer:
    if isinstance(wish, Ending):
        return wish.token in ended
    return (next(refusals) or None) if isinstance(wish, _Hold) else None
