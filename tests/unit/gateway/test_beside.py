"""Large requests are read and counted beside the event loop, which answers others meanwhile."""

import asyncio
import threading
from typing import cast

from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.providers.port import Provider
from apps.gateway.services.asking import bound_prompt
from apps.gateway.services.beside import LARGE, beside


def test_the_loop_goes_on_while_a_large_request_is_read() -> None:
    async def read() -> bool:
        others_had_a_turn = threading.Event()
        reading = asyncio.create_task(beside(lambda: others_had_a_turn.wait(30), size=LARGE))
        await asyncio.sleep(0)
        others_had_a_turn.set()
        return await reading

    assert asyncio.run(read())


class _Counting:
    """A provider that knows in which thread it counts."""

    threads: list[int]

    def bound_prompt(self, _request: CompletionRequest, *, model: str) -> int:
        self.threads.append(threading.get_ident())
        return len(model)


def test_a_small_request_is_counted_at_once_and_a_large_one_elsewhere() -> None:
    counting = _Counting()
    counting.threads = []
    small = (Message(role="user", content="Hi"),)
    for messages in (small, small * LARGE, (Message(role="user", content="Hi" * LARGE),)):
        request = CompletionRequest(messages=messages)
        assert asyncio.run(bound_prompt(cast(Provider, counting), request, model="m")) == 1
    assert [one == threading.get_ident() for one in counting.threads] == [True, False, False]
