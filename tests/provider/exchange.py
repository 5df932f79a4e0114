"""One request on its way to being answered and billed."""

import time
from dataclasses import dataclass

from aiohttp import web

from tests.provider.behaviour import Behaviour
from tests.provider.bills import Bill, Bills
from tests.provider.orders import Order, fill_in
from tests.provider.wire import Wire

OWN_HEADERS = ("x-stainless-", "x-api-key")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Everything that answering takes."""

    request: web.Request
    request_id: str
    wire: Wire
    order: Order
    behaviour: Behaviour
    bills: Bills
    resets: int

    @property
    def body(self) -> bytes:
        """The answer of a request without a stream."""
        return fill_in(self.order.body, self.request_id)

    def bill(self, completion_tokens: int | None = None, *, is_cut: bool = False) -> None:
        """Bill the answer, or as many of its completion tokens as were said."""
        if self.wire.is_free:
            return
        usage, ask = self.order.answer.usage, self.order.ask
        said = usage.completion_tokens if completion_tokens is None else completion_tokens
        self.bills.write(
            Bill(
                at=time.time(),
                path=self.wire.path,
                model=ask.model,
                request_id=self.request_id,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=said,
                cached_tokens=usage.cached_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                cache_write_hour_tokens=usage.cache_write_hour_tokens,
                reasoning_tokens=min(usage.reasoning_tokens, said),
                is_streamed=ask.is_streamed,
                is_cut=is_cut,
                headers=_noted_headers(self.request),
            ),
            resets=self.resets,
        )


def _noted_headers(request: web.Request) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() == "idempotency-key"
        or (name.lower().startswith("x-") and not name.lower().startswith(OWN_HEADERS))
    }
