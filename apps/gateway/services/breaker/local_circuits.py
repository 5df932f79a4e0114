"""The circuits of one process alone, while Valkey is away."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from apps.gateway.services.breaker.circuit import Circuit
from apps.gateway.services.breaker.rules import CLOSED, News, Rules, View

MAX_CIRCUITS = 1000


def _now_ms() -> int:
    return int(time.monotonic() * 1000)


class LocalCircuits:
    """In memory, for at most MAX_CIRCUITS; the one not heard of for longest gives way."""

    def __init__(self, now_ms: Callable[[], int] = _now_ms) -> None:
        self._now_ms = now_ms
        self._circuits: OrderedDict[str, Circuit] = OrderedDict()

    def adopt(self, name: str, view: View) -> None:
        """Go on from what was known of a circuit."""
        if view.state != CLOSED:
            self._circuit(name).open(view.cause, until=self._now_ms() + view.left_ms)

    async def exchange(self, news: Sequence[News], *, rules: Rules) -> Sequence[View]:
        at = self._now_ms()
        return [self._circuit(one.name).take(one, rules=rules, at=at) for one in news]

    async def claim(self, name: str, *, owner: str) -> View | None:
        return self._circuit(name).claim(owner, at=self._now_ms())

    async def close(self) -> None:
        """Forget everything."""
        self._circuits.clear()

    def _circuit(self, name: str) -> Circuit:
        circuit = self._circuits.pop(name, None) or Circuit()
        self._circuits[name] = circuit
        if len(self._circuits) > MAX_CIRCUITS:
            self._circuits.popitem(last=False)
        return circuit
