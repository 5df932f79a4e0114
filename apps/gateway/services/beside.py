"""Work on large requests, beside the event loop: others are answered meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from apps.gateway.contracts import CompletionRequest

LARGE: Final = 100_000
"""Characters that take more than a few milliseconds to read, or to count the tokens of."""
_PER_MESSAGE: Final = 40
"""A message takes as long as so many characters, however short it is."""
# One thread: large requests wait for each other, and nobody else waits for them.
_thread = ThreadPoolExecutor(1, thread_name_prefix="large-requests")
Result = TypeVar("Result")


async def beside(work: Callable[[], Result], *, size: int) -> Result:
    """The result of the work, which is done at once if its `size` is not LARGE."""
    if size < LARGE:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


def size_of(request: CompletionRequest) -> int:
    """How much there is to read in the messages of a request, in characters. Of images the first
    bytes are enough."""
    messages = request.messages
    texts = sum(len(one.content) for one in messages)
    pdfs = sum(len(part.pdf_url or "") for one in messages for part in one.parts)
    return texts + pdfs + len(messages) * _PER_MESSAGE
