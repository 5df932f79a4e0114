"""Wishes that are carried out together: while one batch is under way the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

MAX_BATCH: Final = 256

Rest = Callable[[], float]
"""Seconds."""

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")
Asked = tuple[Wish, "asyncio.Future[Answer]"]


class Batches(Generic[Wish, Answer]):
    """Nobody waits on purpose, but where `rest` says so. Belongs to the event loop that uses it.

    A batch begins no sooner than `rest` after the end of the one before: a wish by itself goes at
    once, and those of a crowd go together.

    `settle` carries out a batch and gives each of its futures a result or an exception; it raises
    nothing.
    """

    def __init__(
        self,
        settle: "Callable[[Sequence[Asked[Wish, Answer]]], Awaitable[None]]",
        *,
        rest: Rest | None = None,
    ) -> None:
        self._settle = settle
        self._rest = rest
        self._ended_at = 0.0
        self._waiting: list[Asked[Wish, Answer]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, wish: Wish) -> Answer:
        """What `settle` answers to `wish`, or raises for it."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return await answer

    async def _drain(self) -> None:
        now = asyncio.get_running_loop().time
        while self._waiting:
            if self._rest and (pause := self._ended_at + self._rest() - now()) > 0:
                await asyncio.sleep(pause)
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            await self._settle(batch)
            self._ended_at = now()


def answer_all(batch: "Sequence[Asked[Wish, Answer]]", answers: Sequence[Answer]) -> None:
    """Give each wish of the batch its answer, as far as somebody still waits for it."""
    for (_, future), answer in zip(batch, answers, strict=True):
        if not future.done():
            future.set_result(answer)


def fail_all(batch: "Sequence[Asked[Wish, Answer]]", error: Exception) -> None:
    """Raise the error for each wish of the batch."""
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
