"""Admission by group commit."""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from agentplatform.core.postgresql.group_commit import Connect, Connection, GroupCommit, connect
from apps.tenants.contracts import Admission, BookingUnavailable
from apps.tenants.services.book import BOOK, book_arguments

Wish = tuple[Admission, datetime]


class Books:
    """Books admissions in batches. Belongs to the event loop that uses it.

    A lost connection is made anew and the batch sent again: an attempt is admitted once.
    """

    def __init__(self, connect: Connect = connect) -> None:
        self._group: GroupCommit[Wish, int | None] = GroupCommit(_book, connect=connect)

    async def admit(self, admission: Admission, *, at: datetime) -> int | None:
        """None when every account of the admission holds its amount now, else the one that refused.

        Raises BookingUnavailable when the database does not answer.
        """
        try:
            return await self._group.ask((admission, at))
        except (psycopg.Error, OSError) as error:
            raise BookingUnavailable("The database does not answer; try again.") from error

    async def close(self) -> None:
        """Give the connection back; the next admission makes a new one."""
        await self._group.close()


async def _book(connection: Connection, wishes: Sequence[Wish]) -> list[int | None]:
    arguments = book_arguments(
        settlements=(),
        admissions=[admission for admission, _ in wishes],
        at=max(at for _, at in wishes),
    )
    cursor = await connection.execute(BOOK, arguments, prepare=False)
    row = await cursor.fetchone()
    assert row is not None
    return [refused or None for refused in row[0]]
