"""`make bench-gateway-peers`: the gateway beside LiteLLM, which is asked the same by the same
client."""

import argparse
import os
from collections.abc import Iterator

from tests.bench.bars import Measured, compare, paired, report
from tests.bench.engine.bench import Bench, running_bench
from tests.bench.engine.processes import GATEWAY
from tests.bench.engine.usage import resident_mib
from tests.bench.gateway.__main__ import LIMITS
from tests.bench.gateway.load import Load, send
from tests.bench.gateway.peers.litellm import Started, running_litellm
from tests.bench.gateway.side import ANSWER, LATENCY_MS, STREAM, added_ms, our_side

PEERS = {"LiteLLM": False, "LiteLLM governed": True}
"""By name: whether it has limits in Redis, a budget and metrics."""
CPU_BAR = 0.1
REQUESTS = 200
WARM_UP = 100


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.gateway.peers", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.environ.update(LIMITS)
    lines: list[Measured] = []
    with running_bench([GATEWAY]) as bench:
        for name, is_governed in PEERS.items():
            print(f"{name} ...", flush=True)
            with running_litellm(bench, is_governed=is_governed) as peer:
                lines += measure(bench, peer, name=name, rounds=rounds)
    report(f"Gateway, governed in full, beside others: medians of {rounds} rounds", lines)


def measure(bench: Bench, peer: Started, *, name: str, rounds: int) -> Iterator[Measured]:
    """Ours and the peer in turn."""
    ours, theirs = our_side(bench), peer.side
    send(ours.load(ANSWER), requests=1, at_once=1)
    memory = resident_mib(ours.pid), resident_mib(theirs.pid)
    asked = {
        "CPU per request, 1 KB answer, c=16": (ours.load(ANSWER), theirs.load(ANSWER)),
        "CPU per stream of 54 events, c=16": (
            ours.load(STREAM, stream=True),
            theirs.load(STREAM, stream=True),
        ),
    }
    for line, loads in asked.items():
        yield _cpu(bench, peer, loads, rounds=rounds, name=line, peer_name=name)
    added = [added_ms(side, bench, rounds=rounds, requests=REQUESTS) for side in (ours, theirs)]
    for share in added[0]:
        yield Measured(
            name=f"latency added to {LATENCY_MS} ms, p{share * 100:.0f}, c=16",
            measured=added[0][share],
            peer=added[1][share],
            peer_name=name,
            unit="ms",
        )
    yield Measured(
        name="memory after the start",
        measured=memory[0],
        peer=memory[1],
        peer_name=name,
        unit="MiB",
        note=f"{name} answers {peer.seconds:.0f} s after its start",
    )


def _cpu(
    bench: Bench, peer: Started, loads: tuple[Load, Load], *, rounds: int, **line: str
) -> Measured:
    sides = dict(zip(("ours", "theirs"), (our_side(bench), peer.side), strict=True))
    asked = dict(zip(sides, loads, strict=True))
    for load in loads:
        send(load, requests=WARM_UP, at_once=16)
    found = paired(
        {
            name: lambda name=name: sides[name].cpu_ms(asked[name], requests=REQUESTS, at_once=16)
            for name in sides
        },
        rounds=rounds,
    )
    return compare(found["ours"], found["theirs"], unit="ms", bar=CPU_BAR, **line)


if __name__ == "__main__":
    main()
