"""Admission by group commit: while a batch is in flight the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import psycopg
import structlog
from django.db import connection as django_connection

from apps.tenants.contracts import Admission, BookingUnavailable
from apps.tenants.services.book import BOOK, book_arguments

MAX_BATCH = 256

log = structlog.get_logger("books")

Connection = psycopg.AsyncConnection[Any]
Wish = tuple[Admission, datetime, "asyncio.Future[int | None]"]


async def connect() -> Connection:
    """A connection of our own to Django's database; every statement commits by itself."""
    settings = django_connection.settings_dict
    return await psycopg.AsyncConnection.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        connect_timeout=5,
        application_name="books",
        autocommit=True,
    )


class Books:
    """Books admissions in batches. Belongs to the event loop that uses it; nobody waits on purpose.

    A lost connection is made anew and the batch sent again: an attempt is admitted once.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]] = connect) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._waiting: list[Wish] = []
        self._worker: asyncio.Task[None] | None = None

    async def admit(self, admission: Admission, *, at: datetime) -> int | None:
        """None when every account of the admission holds its amount now, else the one that refused.

        Raises BookingUnavailable when the database does not answer.
        """
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((admission, at, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """Give the connection back; the next admission makes a new one."""
        held, self._connection = self._connection, None
        if held is not None:
            await held.close()

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                refusals = await self._book(batch)
            except Exception as error:
                log.warning("books.unavailable", waiting=len(batch), error=str(error))
                self._refuse(batch, error)
                continue
            for (_, _, answer), refusal in zip(batch, refusals, strict=True):
                if not answer.done():
                    answer.set_result(refusal or None)

    @staticmethod
    def _refuse(batch: list[Wish], cause: Exception) -> None:
        for _, _, answer in batch:
            if not answer.done():
                failure = BookingUnavailable("The database does not answer; try again.")
                failure.__cause__ = cause
                answer.set_exception(failure)

    async def _book(self, batch: list[Wish]) -> list[int]:
        arguments = book_arguments(
            settlements=(),
            admissions=[admission for admission, _, _ in batch],
            at=max(at for _, at, _ in batch),
        )
        try:
            return await self._ask(arguments)
        except psycopg.OperationalError:
            await self.close()
            return await self._ask(arguments)

    async def _ask(self, arguments: list[Any]) -> list[int]:
        if self._connection is None:
            self._connection = await self._connect()
        # Never prepared: behind a transaction pooler the next one may run on another session.
        cursor = await self._connection.execute(BOOK, arguments, prepare=False)
        row = await cursor.fetchone()
        assert row is not None
        return list(row[0])
