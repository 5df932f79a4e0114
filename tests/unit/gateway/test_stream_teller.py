"""What is told while it comes is given to who sends it, to the end."""

import asyncio
from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.stream_teller import StreamTeller


class Plain(StreamTeller):
    def render(self, choice: dict[str, Any]) -> bytes:
        return str(choice["delta"]["content"]).encode()

    def render_end(self, usage: Usage) -> bytes:
        return b"."

    def render_failure(self, refusal: Any) -> bytes:
        return b"!"


def test_an_answer_that_ends_while_its_client_reads_slowly_is_taken_to_its_end() -> None:
    async def send() -> list[bytes]:
        teller = Plain()
        teller.on_choice({"delta": {"content": "a"}})
        first = await teller.take()
        # Whoever sends waits for the client, while the rest comes and all is over.
        teller.on_choice({"delta": {"content": "b"}})
        teller.wake()
        async with asyncio.timeout(5):
            return [first, await teller.take(), await teller.take()]

    assert asyncio.run(send()) == [b"a", b"b", b""]
