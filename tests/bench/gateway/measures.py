"""What a request costs the gateway process, in processor time, latency and memory."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.processes import GATEWAY
from tests.bench.engine.usage import cpu_seconds, resident_mib
from tests.bench.gateway.load import Load, send

ANSWER_TOKENS = 256
"""1 KB of text."""
STREAM_TOKENS = 52
"""A stream of 54 events, the end mark and the chunk before the first word included."""
WARM_UP = 300
LATENCY_MS = 50


def measure_cpu(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What a plain request costs the gateway."""
    load = plain(bench, f"openai:gpt-4o-mini-tokens-{ANSWER_TOKENS}")
    for at_once in (16, 64):
        cost = _cpu_ms(bench, load, rounds=rounds, requests=1_000, at_once=at_once)
        yield Measured(
            name=f"CPU per request, 1 KB answer, c={at_once}",
            measured=cost,
            unit="ms",
            bar=0.5,
            note=f"{1000 / cost:,.0f} req/s per core",
        )


def measure_streams(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What a stream costs it."""
    model = f"openai:gpt-4o-mini-tokens-{STREAM_TOKENS}"
    load = plain(bench, model, stream=True)
    cost = _cpu_ms(bench, load, rounds=rounds, requests=300, at_once=16)
    yield Measured(name="CPU per stream of 54 events, c=16", measured=cost, unit="ms", bar=1.5)


def measure_latency(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What it adds to an upstream that takes 50 ms, against asking that itself."""
    model = f"gpt-4o-mini-tokens-{ANSWER_TOKENS}-latency-{LATENCY_MS}"
    through = plain(bench, f"openai:{model}")
    direct = Load(f"{bench.provider.openai_base_url}/chat/completions", "k", _body(model))
    added: dict[float, list[float]] = {0.5: [], 0.95: []}
    for load in (through, direct):
        send(load, requests=200, at_once=16)
    for _ in range(rounds):
        with_us, without = (send(load, requests=500, at_once=16) for load in (through, direct))
        for share, found in added.items():
            found.append(with_us.percentile_ms(share) - without.percentile_ms(share))
    for share, bar in ((0.5, 3.0), (0.95, 8.0)):
        yield Measured(
            name=f"latency added to {LATENCY_MS} ms, p{share * 100:.0f}, c=16",
            measured=statistics.median(added[share]),
            unit="ms",
            bar=bar,
        )


def measure_memory(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What the process holds after its start, and whether that grows."""
    bench.processes.stop(GATEWAY)
    began = time.perf_counter()
    bench.processes.start((GATEWAY,))
    load = plain(bench, f"openai:gpt-4o-mini-tokens-{ANSWER_TOKENS}")
    send(load, requests=2, at_once=2)
    yield Measured(
        name="start to first answer", measured=time.perf_counter() - began, unit="s", bar=3.0
    )
    pid = bench.processes.pids()[GATEWAY]
    yield Measured(name="memory after the start", measured=resident_mib(pid), unit="MiB", bar=120.0)
    send(load, requests=WARM_UP * 10, at_once=16)
    before = resident_mib(pid)
    count = 2_000 * rounds
    send(load, requests=count, at_once=16)
    yield Measured(
        name=f"growth over {count:,} requests", measured=resident_mib(pid) - before, unit="MiB"
    )


LINES: dict[str, Callable[[Bench, int], Iterator[Measured]]] = {
    "memory": measure_memory,
    "cpu": measure_cpu,
    "streams": measure_streams,
    "latency": measure_latency,
}


def plain(bench: Bench, model: str, **more: Any) -> Load:
    """A request through the door."""
    return Load(f"{bench.processes.url}/v1/chat/completions", bench.api_key, _body(model) | more)


def _body(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {
                "role": "user",
                "content": "What is the weather like in Italy in spring?",
            },
        ],
        "max_tokens": 300,
    }


def _cpu_ms(bench: Bench, load: Load, *, rounds: int, requests: int, at_once: int) -> float:
    """The median over rounds of the process's processor time for each request."""
    pids = {GATEWAY: bench.processes.pids()[GATEWAY]}
    send(load, requests=WARM_UP, at_once=at_once)
    costs = []
    for _ in range(rounds):
        before = cpu_seconds(pids)[GATEWAY]
        send(load, requests=requests, at_once=at_once)
        costs.append((cpu_seconds(pids)[GATEWAY] - before) / requests * 1000)
    return statistics.median(costs)
