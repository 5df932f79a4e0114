"""What the calls of one event loop hold and what came of them, booked by one connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from agentplatform.core.postgresql.group_commit import (
    Connect,
    Connection,
    GroupCommit,
    connect,
    execute,
)
from apps.gateway.services.endings import Ending, ending_statements
from apps.tenants.contracts import Admission, BookingUnavailable
from apps.tenants.facade import book_statement

PATIENCE_SECONDS = 120.0
"""How long an answer that was paid for waits for a database that is away."""


@dataclass(frozen=True)
class _Hold:
    admission: Admission
    at: datetime


Wish = _Hold | Ending
Answer = int | bool | None


class Books:
    """Admits attempts and writes endings in the same batches: on connections of their own they
    would wait for each other, as both lock the accounts. Belongs to the event loop that uses it.

    A lost connection is made anew and the batch sent again: an attempt is admitted once, and ends
    once.
    """

    def __init__(self, connect: Connect = connect) -> None:
        self._group: GroupCommit[Wish, Answer] = GroupCommit(_book, connect=connect)

    async def admit(self, admission: Admission, *, at: datetime) -> int | None:
        """None when every account of the admission holds its amount now, else the one that refused.

        Raises BookingUnavailable when the database does not answer.
        """
        try:
            return await self._group.ask(_Hold(admission, at))
        except (psycopg.Error, OSError) as error:
            raise BookingUnavailable("The database does not answer; try again.") from error

    async def write(self, ending: Ending) -> bool:
        """Settle and write, however long the database is away, up to PATIENCE_SECONDS. Whether the
        call ended by it: False when its fence was lost. Harmless twice. Raises psycopg.Error."""
        return bool(await self._group.ask(ending, patience_seconds=PATIENCE_SECONDS))

    async def close(self) -> None:
        """Give the connection back; the next wish makes a new one."""
        await self._group.close()


async def _book(connection: Connection, wishes: Sequence[Wish]) -> list[Answer]:
    endings = [one for one in wishes if isinstance(one, Ending)]
    holds = [one for one in wishes if isinstance(one, _Hold)]
    settlements = [one.attempt.settlement() for one in endings if one.attempt is not None]
    booking = book_statement(
        settlements=settlements,
        admissions=[hold.admission for hold in holds],
        at=max(one.at for one in wishes),
    )
    (booked, *others) = await execute(connection, [booking, *ending_statements(endings)])
    refusals = iter(booked[0]["refusals"])
    ended = {row["token"] for rows in others for row in rows if "token" in row}
    return [
        one.token in ended if isinstance(one, Ending) else next(refusals) or None for one in wishes
    ]
