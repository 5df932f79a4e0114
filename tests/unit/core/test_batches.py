"""Wishes that go together, and how long they wait for each other."""

import asyncio
from collections.abc import Callable, Sequence

from agentplatform.core.batches import Asked, Batches, answer_all


class Counter:
    """Carries out batches at once, and remembers when each began and how many wishes it had."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.sizes: list[int] = []

    async def settle(self, batch: "Sequence[Asked[int, int]]") -> None:
        self.began.append(asyncio.get_running_loop().time())
        self.sizes.append(len(batch))
        answer_all(batch, [wish for wish, _ in batch])


def run(rest: Callable[[], float] | None, *, wishes: int) -> Counter:
    """Ask one wish after the other, each with two that come right after it."""
    counter = Counter()

    async def ask() -> None:
        batches: Batches[int, int] = Batches(counter.settle, rest=rest)
        for wish in range(wishes):
            first = asyncio.create_task(batches.ask(wish))
            for _ in range(3):  # it is asked, its batch begins and ends
                await asyncio.sleep(0)
            await asyncio.gather(first, batches.ask(wish), batches.ask(wish))

    asyncio.run(ask())
    return counter


def test_nobody_waits_on_purpose() -> None:
    assert run(None, wishes=2).sizes == [1, 2, 1, 2]


def test_the_first_goes_at_once_and_what_comes_within_the_rest_goes_together() -> None:
    counter = run(lambda: 0.1, wishes=2)
    assert counter.sizes == [1, 2, 3]
    assert all(
        after - before >= 0.1
        for before, after in zip(counter.began, counter.began[1:], strict=False)
    )


def test_the_rest_is_asked_for_each_time() -> None:
    rests = iter([0.0, 0.05, 0.05, 0.05, 0.05])
    assert run(lambda: next(rests), wishes=2).sizes == [1, 2, 3]
