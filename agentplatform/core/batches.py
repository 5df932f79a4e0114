"""Wishes that are carried out together: while one batch is under way the next one gathers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

MAX_BATCH: Final = 256
MOMENTS: Final = 4
"""In so many parts a time is waited for, so that a loop that was held up for longer than that looks
first whether the answer has come."""

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

    async def ask(self, wish: Wish, *, within: float | None = None) -> Answer:
        """What `settle` answers to `wish`, or raises for it. Raises TimeoutError when there is
        nothing `within` so many seconds; a batch that has the wish goes on."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        if within is None:
            return await answer
        patience = _Patience(answer, within)
        try:
            return await answer
        finally:
            patience.end()

    async def _drain(self) -> None:
        now = asyncio.get_running_loop().time
        while self._waiting:
            if self._rest and (pause := self._ended_at + self._rest() - now()) > 0:
                await asyncio.sleep(pause)
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            wanted = [one for one in batch if not is_given_up(one)]
            if wanted:
                await self._settle(wanted)
                self._ended_at = now()


def is_given_up(asked: "Asked[Wish, Answer]") -> bool:
    """Whether who asked was told that there is no answer in time."""
    return asked[1].done() and not asked[1].cancelled()


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


class _Patience:
    """Raises TimeoutError for who waits for `answer`, after these seconds."""

    __slots__ = ("_answer", "_left", "_seconds", "_timer")

    def __init__(self, answer: "asyncio.Future[Any]", seconds: float) -> None:
        self._answer = answer
        self._seconds = seconds / MOMENTS
        self._left = MOMENTS
        self._wait()

    def end(self) -> None:
        self._timer.cancel()

    def _wait(self) -> None:
        self._timer = self._answer.get_loop().call_later(self._seconds, self._pass)

    def _pass(self) -> None:
        self._left -= 1
        if self._answer.done():
            return
        if self._left:
            self._wait()
        else:
            self._answer.set_exception(TimeoutError())
