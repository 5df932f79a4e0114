"""Group commit: many writers, one round trip and one commit."""

import asyncio
import os
import select
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Generic

import psycopg
import structlog
from django.db import connection as django_connection
from psycopg.rows import dict_row

from agentplatform.core.batches import Answer, Asked, Batches, Rest, Wish, answer_all, fail_all

COMMIT_LAZILY = "set local synchronous_commit to off"
"""The commit does not wait for the disk: a crash of the database may undo it, as if it had not
been. Later commits still come after it."""
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
FIRST_WAIT_SECONDS: Final = 5.0
"""How long a wish waits at least for a database that has not answered yet."""
SILENCE_SECONDS: Final = 30.0
HASTY_SILENCE_SECONDS: Final = 2.0
"""After how long the connection is given up that a batch has had no answer on; the second where
nobody waits that long."""

log = structlog.get_logger("database")

Connection = psycopg.AsyncConnection[Any]
_LINE: Final = (
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
)
"""Options of Django's connections that say when a line is dead; they hold here too."""

Connect = Callable[[], Awaitable[Connection]]
Statement = tuple[str, Mapping[str, Any] | Sequence[Any]]


async def connect() -> Connection:
    """A connection of our own to Django's database; what is sent together commits together."""
    settings = django_connection.settings_dict
    options = settings["OPTIONS"]
    line: dict[str, Any] = {name: options[name] for name in _LINE if name in options}
    return await psycopg.AsyncConnection.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        **line,
        application_name="group commit",
        autocommit=True,
    )


async def execute(
    connection: Connection, statements: Sequence[Statement]
) -> list[list[dict[str, Any]]]:
    """The rows of each statement, all sent in one round trip and one implicit transaction.

    Parameters are written into the text: only so do several statements go as one, and nothing is
    prepared, for behind a transaction pooler the next statement may run on another session.
    """
    async with psycopg.AsyncClientCursor(connection, row_factory=dict_row) as cursor:
        texts = [cursor.mogrify(text, parameters) for text, parameters in statements]
        await cursor.execute("; ".join(texts))
        found = []
        for _ in statements:
            found.append(await cursor.fetchall() if cursor.description else [])
            cursor.nextset()
        return found


class DatabaseSilent(psycopg.OperationalError):
    """The database has not answered in time."""


class GroupCommit(Generic[Wish, Answer]):
    """Sends wishes in batches. Belongs to the event loop that uses it.

    `send` carries out a batch in one transaction and returns an answer for each wish. On a lost
    connection the batch is sent again at once over a new one: a wish must be harmless when it was
    carried out before. A batch that the database refuses is sent wish by wish, so that one does not
    fail the others. `rest` is Batches'.

    With `wait_seconds` who asks without patience waits so long and no longer; while a batch is
    under way for longer than that nobody else waits at all. What is under way goes on, for the
    database may only be slow: who was told DatabaseSilent takes back what may have been carried
    out. What is asked later is carried out later.
    """

    def __init__(
        self,
        send: Callable[[Connection, Sequence[Wish]], Awaitable[Sequence[Answer]]],
        *,
        connect: Connect = connect,
        rest: Rest | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        self._send = send
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._silence_seconds = HASTY_SILENCE_SECONDS if wait_seconds else SILENCE_SECONDS
        self._is_under_way = self._is_late = False
        self._has_answered = False
        self._connection: Connection | None = None
        self._batches: Batches[Wish, Answer] = Batches(self._settle, rest=rest)

    async def ask(self, wish: Wish, *, patience_seconds: float = 0.0) -> Answer:
        """The answer to `wish`, once it is committed. Raises psycopg.Error when it is not, after
        having asked for `patience_seconds` a database that is away."""
        for pause in _pauses(patience_seconds):
            try:
                return await self._batches.ask(wish)
            except psycopg.OperationalError:
                await asyncio.sleep(pause)
        if patience_seconds or self._wait_seconds is None:
            return await self._batches.ask(wish)
        return await self._ask_hastily(wish, self._wait_seconds)

    async def _ask_hastily(self, wish: Wish, wait_seconds: float) -> Answer:
        if self._is_late:
            raise DatabaseSilent("a batch is under way for too long")
        within = wait_seconds if self._has_answered else FIRST_WAIT_SECONDS
        try:
            return await self._batches.ask(wish, within=within)
        except TimeoutError as error:
            self._is_late = self._is_under_way
            raise DatabaseSilent(f"no answer within {within:g} s") from error

    async def close(self) -> None:
        """Give the connection back; the next wish makes a new one."""
        held, self._connection = self._connection, None
        if held is not None:
            await held.close()

    async def _settle(self, batch: "Sequence[Asked[Wish, Answer]]") -> None:
        self._is_under_way = True
        try:
            answers = await self._carry_out([wish for wish, _ in batch])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) > 1:
                for one in batch:
                    await self._settle([one])
                return
            fail_all(batch, error)
        except Exception as error:
            log.warning("group_commit.failed", waiting=len(batch), error=str(error))
            fail_all(batch, error)
        else:
            self._has_answered = True
            answer_all(batch, answers)
        finally:
            self._is_under_way = self._is_late = False

    async def _carry_out(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        try:
            return await self._try(wishes)
        except psycopg.OperationalError:
            if self._is_late:
                raise
            return await self._try(wishes)

    async def _try(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        if self._connection is None:
            self._connection = await self._connect()
        try:
            return await self._send_on(self._connection, wishes)
        except psycopg.OperationalError:
            await self.close()
            raise

    async def _send_on(self, connection: Connection, wishes: Sequence[Wish]) -> Sequence[Answer]:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._silence_seconds, _break, connection)
        try:
            return await self._send(connection, wishes)
        finally:
            timer.cancel()


def _pauses(patience_seconds: float) -> Iterator[float]:
    """Before each further try, longer and longer."""
    waited, pause = 0.0, FIRST_PAUSE_SECONDS
    while waited < patience_seconds:
        yield pause
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _break(connection: Connection) -> None:
    """End the connection under who waits on it, who is told so. To cancel the statement would take
    a server that answers. What has come already will be read."""
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.pgconn.socket)) as line,
    ):
        if not select.select([line], [], [], 0)[0]:
            line.shutdown(socket.SHUT_RDWR)
