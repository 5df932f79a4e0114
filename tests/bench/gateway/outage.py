"""What callers notice of a primary that is down."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.gateway.load import send
from tests.bench.gateway.side import SLOW, added_ms, our_side

_ALIAS: Final = "outage"
ROUTES: Final = {
    "MODEL_ROUTES": json.dumps(
        {_ALIAS: ["openai:gpt-4o-mini-error-503-tag-down", f"openai:{SLOW}"]}
    )
}
"""The setting by which the gateway knows the primary and its backup."""
UNTIL_OPEN: Final = 300


def measure_outage(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What it adds to the backup, which answers for a primary that is down."""
    side = replace(our_side(bench), prefix="")
    send(side.load(_ALIAS), requests=UNTIL_OPEN, at_once=16)
    added = added_ms(side, bench, rounds=rounds, requests=500, model=_ALIAS)
    yield Measured(
        name="latency added to the backup in an outage, p50, c=16",
        measured=added[0.5],
        unit="ms",
        bar=5.0,
    )
