"""What the provider remembers between two requests: counts, bills, and faults set at run time."""

import json
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.provider.behaviour import Behaviour, parse_behaviour
from tests.provider.bills import Bills

ANY = "*"


@dataclass(frozen=True)
class Override:
    """What a model does in place of what its name says. `script` is JSON (see answers.Script)."""

    behaviour: Behaviour | None
    script: str


class State:
    """The memory of one provider process."""

    def __init__(self, bills: Bills) -> None:
        self.bills = bills
        self._prefix = secrets.token_hex(4)
        self._made_ids = 0
        self._overrides: dict[tuple[str, str], Override] = {}
        self.forget()

    def forget(self) -> None:
        """Back to the first request: no counts, no bills, no overrides."""
        self.bills.reset()
        self._overrides.clear()
        self._paths: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._in_flight = 0
        self._peak = 0

    def next_request_id(self) -> str:
        """An id that no other request of any provider process has."""
        self._made_ids += 1
        return f"{self._prefix}{self._made_ids:012d}"

    def begin(self, path: str) -> None:
        """A request came in."""
        self._paths[path] += 1
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)

    def end(self, status: int) -> None:
        """A request was answered, or dropped (status 0)."""
        self._statuses[str(status)] += 1
        self._in_flight = max(0, self._in_flight - 1)

    def count_model(self, model: str) -> int:
        """How many requests have named `model`, this one included."""
        self._models[model] += 1
        return self._models[model]

    def behaviour_of(self, provider: str, model: str) -> tuple[Behaviour, str]:
        """The behaviour of a model and its script. Raises Refusal for an unknown model."""
        if self._overrides:
            for key in ((provider, model), (ANY, model), (provider, ANY), (ANY, ANY)):
                if key in self._overrides:
                    override = self._overrides[key]
                    return override.behaviour or parse_behaviour(model), override.script
        return parse_behaviour(model), ""

    def control(self, order: dict[str, Any]) -> None:
        """Set an override: {"provider": "*", "model": "*", "behaviour": ..., "script": ...}.

        Without behaviour and script it is cleared. Raises Refusal for an unknown behaviour.
        """
        key = (order.get("provider", ANY), order.get("model", ANY))
        behaviour, script = order.get("behaviour"), order.get("script")
        if behaviour is None and script is None:
            self._overrides.pop(key, None)
            return
        self._overrides[key] = Override(
            parse_behaviour(behaviour) if behaviour is not None else None,
            json.dumps(script) if script else "",
        )

    def counts(self) -> dict[str, Any]:
        """Requests since the last reset."""
        return {
            "total": self._paths.total(),
            "by_path": dict(self._paths),
            "by_model": dict(self._models),
            "by_status": dict(self._statuses),
            "in_flight": self._in_flight,
            "peak_in_flight": self._peak,
        }
