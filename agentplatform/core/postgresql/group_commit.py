"""Group commit: many writers, one round trip and one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic

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

log = structlog.get_logger("database")

Connection = psycopg.AsyncConnection[Any]
Connect = Callable[[], Awaitable[Connection]]
Statement = tuple[str, Mapping[str, Any] | Sequence[Any]]


async def connect() -> Connection:
    """A connection of our own to Django's database; what is sent together commits together."""
    settings = django_connection.settings_dict
    return await psycopg.AsyncConnection.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        connect_timeout=5,
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


class GroupCommit(Generic[Wish, Answer]):
    """Sends wishes in batches. Belongs to the event loop that uses it.

    `send` carries out a batch in one transaction and returns an answer for each wish. On a lost
    connection the batch is sent again at once over a new one: a wish must be harmless when it was
    carried out before. A batch that the database refuses is sent wish by wish, so that one does not
    fail the others. `rest` is Batches'.
    """

    def __init__(
        self,
        send: Callable[[Connection, Sequence[Wish]], Awaitable[Sequence[Answer]]],
        *,
        connect: Connect = connect,
        rest: Rest | None = None,
    ) -> None:
        self._send = send
        self._connect = connect
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
        return await self._batches.ask(wish)

    async def close(self) -> None:
        """Give the connection back; the next wish makes a new one."""
        held, self._connection = self._connection, None
        if held is not None:
            await held.close()

    async def _settle(self, batch: "Sequence[Asked[Wish, Answer]]") -> None:
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
            answer_all(batch, answers)

    async def _carry_out(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        try:
            return await self._try(wishes)
        except psycopg.OperationalError:
            return await self._try(wishes)

    async def _try(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        if self._connection is None:
            self._connection = await self._connect()
        try:
            return await self._send(self._connection, wishes)
        except psycopg.OperationalError:
            await self.close()
            raise


def _pauses(patience_seconds: float) -> Iterator[float]:
    """Before each further try, longer and longer."""
    waited, pause = 0.0, FIRST_PAUSE_SECONDS
    while waited < patience_seconds:
        yield pause
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
