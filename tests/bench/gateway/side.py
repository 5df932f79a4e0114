"""A gateway that is measured, ours or another."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.engine.bench import Bench
from tests.bench.engine.processes import GATEWAY
from tests.bench.engine.usage import cpu_seconds
from tests.bench.gateway.load import Load, send

ANSWER: Final = "gpt-4o-mini-tokens-256"
"""The model whose answer is 1 KB of text."""
STREAM: Final = "gpt-4o-mini-tokens-52"
"""Its stream has 54 events, the end mark and the chunk before the first word included."""
LATENCY_MS: Final = 50
SLOW: Final = f"{ANSWER}-latency-{LATENCY_MS}"
SHARES: Final = (0.5, 0.95)
WARM_UP: Final = 200


@dataclass(frozen=True)
class Side:
    """Where it answers, with which key, and its process; `prefix` is what it wants before the names
    of OpenAI's models."""

    url: str
    api_key: str
    pid: int
    prefix: str = ""

    def load(self, model: str, **more: Any) -> Load:
        """A request through it."""
        body = chat_body(self.prefix + model) | more
        return Load(f"{self.url}/v1/chat/completions", self.api_key, body)

    def cpu_ms(self, load: Load, *, requests: int, at_once: int) -> float:
        """Its processor time for each of so many requests."""
        before = cpu_seconds({"": self.pid})[""]
        send(load, requests=requests, at_once=at_once)
        return (cpu_seconds({"": self.pid})[""] - before) / requests * 1000


def our_side(bench: Bench) -> Side:
    """The gateway process of the bench."""
    processes = bench.processes
    return Side(processes.url, bench.api_key, processes.pids()[GATEWAY], prefix="openai:")


def added_ms(
    side: Side, bench: Bench, *, rounds: int, requests: int, model: str = SLOW
) -> Mapping[float, float]:
    """What it adds to an upstream that takes LATENCY_MS, asked for by this name, by share of the
    requests: medians over rounds, in each of which the upstream is asked by itself too."""
    through = side.load(model)
    direct = Load(f"{bench.provider.openai_base_url}/chat/completions", "k", chat_body(SLOW))
    for load in (through, direct):
        send(load, requests=WARM_UP, at_once=16)
    found: dict[float, list[float]] = {share: [] for share in SHARES}
    for _ in range(rounds):
        with_it, without = (send(load, requests=requests, at_once=16) for load in (through, direct))
        for share, values in found.items():
            values.append(with_it.percentile_ms(share) - without.percentile_ms(share))
    return {share: statistics.median(values) for share, values in found.items()}


def chat_body(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "What is the weather like in Italy in spring?"},
        ],
        "max_tokens": 300,
    }
