"""What a request costs the gateway process, in processor time, latency and memory."""

import statistics
import time
from collections.abc import Iterator

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.processes import GATEWAY
from tests.bench.engine.usage import resident_mib
from tests.bench.gateway.floor import running_floor
from tests.bench.gateway.load import Load, send
from tests.bench.gateway.side import ANSWER, LATENCY_MS, STREAM, Side, added_ms, our_side

WARM_UP = 300
MANY = 100_000
GROWTH_BAR = 1.03


def measure_cpu(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What a plain request costs the gateway, and a proxy that governs nothing."""
    side = our_side(bench)
    with running_floor(_upstream(bench)) as floor:
        for at_once in (16, 64):
            cost, least = (
                _cpu_ms(one, one.load(ANSWER), rounds=rounds, requests=1_000, at_once=at_once)
                for one in (side, floor)
            )
            yield Measured(
                name=f"CPU per request, 1 KB answer, c={at_once}",
                measured=cost,
                unit="ms",
                bar=0.5,
                note=f"{1000 / cost:,.0f} req/s per core; "
                f"a proxy that governs nothing {least:.2f} ms",
            )


def measure_streams(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What a stream costs it."""
    side = our_side(bench)
    load = side.load(STREAM, stream=True)
    cost = _cpu_ms(side, load, rounds=rounds, requests=300, at_once=16)
    yield Measured(name="CPU per stream of 54 events, c=16", measured=cost, unit="ms", bar=1.5)


def measure_latency(bench: Bench, rounds: int) -> Iterator[Measured]:
    """What it adds to a slow upstream."""
    with running_floor(_upstream(bench)) as floor:
        added = added_ms(our_side(bench), bench, rounds=rounds, requests=500)
        least = added_ms(floor, bench, rounds=rounds, requests=500)
    for share, bar in ((0.5, 3.0), (0.95, 8.0)):
        yield Measured(
            name=f"latency added to {LATENCY_MS} ms, p{share * 100:.0f}, c=16",
            measured=added[share],
            unit="ms",
            bar=bar,
            note=f"a proxy that governs nothing {least[share]:.1f} ms",
        )


def measure_memory(bench: Bench, rounds: int) -> Iterator[Measured]:
    """How long the process takes to its first answer, and what it then holds: once, whatever the
    rounds."""
    bench.processes.stop(GATEWAY)
    began = time.perf_counter()
    bench.processes.start((GATEWAY,))
    side = our_side(bench)
    send(side.load(ANSWER), requests=2, at_once=2)
    taken = time.perf_counter() - began
    yield Measured(name="start to first answer", measured=taken, unit="s", bar=3.0)
    held = resident_mib(side.pid)
    yield Measured(name="memory after the start", measured=held, unit="MiB", bar=120.0)


def measure_growth(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Whether it holds more after many requests: once, whatever the rounds."""
    side = our_side(bench)
    load = side.load(ANSWER)
    send(load, requests=WARM_UP * 10, at_once=16)
    before = resident_mib(side.pid)
    send(load, requests=MANY, at_once=16)
    bench.provider.reset()
    yield Measured(
        name=f"memory after {MANY:,} requests more",
        measured=resident_mib(side.pid),
        unit="MiB",
        peer=before,
        peer_name="before",
        bar=GROWTH_BAR,
    )


def _upstream(bench: Bench) -> str:
    return f"{bench.provider.openai_base_url}/chat/completions"


def _cpu_ms(side: Side, load: Load, *, rounds: int, requests: int, at_once: int) -> float:
    send(load, requests=WARM_UP, at_once=at_once)
    costs = (side.cpu_ms(load, requests=requests, at_once=at_once) for _ in range(rounds))
    return statistics.median(costs)
