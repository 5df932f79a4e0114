"""What a model costs: answered from memory, which follows the table of prices."""

import os
import threading
import time
from collections.abc import Callable
from datetime import date
from typing import ClassVar

import structlog

from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import PlatformError
from apps.gateway.models import ModelPrice
from apps.gateway.services.price_list import LOCAL, Price, PriceList, Tariff, free_price

log = structlog.get_logger("prices")

READ_AGAIN_SECONDS = 2.0
"""From this age on a list is read anew while it goes on answering."""
TOO_OLD_SECONDS = 4.0
"""A list of this age answers only when no newer one can be had within PATIENCE_SECONDS."""
PATIENCE_SECONDS = 0.25
FIRST_PATIENCE_SECONDS = 1.0
"""The same, for a process that knows no prices yet."""
QUIET_SECONDS = 0.5
"""How long nobody asks again after the database failed."""


class PricesUnavailable(PlatformError):
    """The table of prices could not be read yet, so nothing can be said of a cost."""

    code: ClassVar[str] = "prices_unavailable"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True


def price_of(*, provider: str, model: str, on: date) -> Tariff | None:
    """What the model costs on that day, None when nobody knows it. Without a query: a change of the
    table is noticed within 5 s. Raises PricesUnavailable when the table could never be read."""
    if provider == LOCAL:
        return free_price(model=model, on=on)
    return prices.list().find(provider=provider, model=model, on=on)


def read_prices() -> PriceList:
    """The table as it is now."""
    rows = ModelPrice.objects.values(*ModelPrice.PRICE_FIELDS)
    return PriceList(Price(**row) for row in rows)


class FollowedPrices:
    """The table's prices, read in a thread of their own: who asks may be an event loop."""

    def __init__(
        self,
        read: Callable[[], PriceList] = read_prices,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self.forget()

    def forget(self) -> None:
        """Know nothing: the next question waits for the table."""
        self._lock = threading.Lock()
        self._known: PriceList | None = None
        self._read_at = 0.0
        self._quiet_until = 0.0
        self._reading: threading.Event | None = None
        self._given_up: threading.Event | None = None

    def list(self) -> PriceList:
        """The prices of a few seconds ago at most, or the last known while the database does not
        answer. Raises PricesUnavailable when there are none."""
        age = self._monotonic() - self._read_at
        if self._known is None or age >= TOO_OLD_SECONDS:
            self._wait(FIRST_PATIENCE_SECONDS if self._known is None else PATIENCE_SECONDS)
        elif age >= READ_AGAIN_SECONDS:
            self._begin_reading()
        if self._known is None:
            raise PricesUnavailable("The table of prices cannot be read; try again.")
        return self._known

    def _wait(self, seconds: float) -> None:
        """For the end of a reading; nobody waits again for one that was waited for in vain."""
        reading = self._begin_reading()
        if reading is None or reading is self._given_up:
            return
        if not reading.wait(seconds):
            self._given_up = reading

    def _begin_reading(self) -> threading.Event | None:
        """Set once this reading is over, whoever began it; None: it is too soon for one."""
        with self._lock:
            if self._reading is None and self._monotonic() >= self._quiet_until:
                self._reading = threading.Event()
                threading.Thread(target=self._refresh, name="prices", daemon=True).start()
            return self._reading

    def _refresh(self) -> None:
        began, found = self._monotonic(), None
        try:
            with brief_connection():
                found = self._read()
        except Exception as error:
            log.warning("prices.not_read", error=str(error))
        with self._lock:
            if found is None:
                self._quiet_until = self._monotonic() + QUIET_SECONDS
            else:
                self._known, self._read_at = found, began
            ended, self._reading = self._reading, None
        if ended is not None:
            ended.set()


prices = FollowedPrices()
os.register_at_fork(after_in_child=prices.forget)
