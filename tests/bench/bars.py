"""What every bench shares: how it times, and how it holds what it measured to its bars."""

import gc
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import truediv
from pathlib import Path
from typing import Any, TypeVar

Argument = TypeVar("Argument")

HEADER = ("", "measured", "floor or peer", "ratio", "bar", "", "")
BATCHES = 15


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One line. With a `peer`, measured in the same unit, the bar is for the ratio; without, for
    what was measured. `bar` None: told, and not judged. It is what the value may be at most, or at
    least where `is_minimum`. `paired_ratio` is the median of the ratios where both were measured
    in pairs. `note` is for people."""

    name: str
    measured: float
    unit: str
    peer: float | None = None
    paired_ratio: float | None = None
    peer_name: str = ""
    bar: float | None = None
    is_minimum: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        if self.paired_ratio is not None:
            return self.paired_ratio
        return self.measured if self.peer is None else self.measured / self.peer

    @property
    def holds(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.is_minimum else self.value <= self.bar

    def cells(self) -> tuple[str, ...]:
        has_peer = self.peer is not None
        unit = "" if has_peer else f" {self.unit}"
        sign = ">=" if self.is_minimum else "<="
        verdict = "holds" if self.holds else "FALLS SHORT"
        return (
            self.name,
            f"{_number(self.measured)} {self.unit}",
            "" if self.peer is None else f"{_number(self.peer)} {self.unit} {self.peer_name}",
            f"{self.value:.2f}" if has_peer else "",
            "" if self.bar is None else f"{sign} {self.bar:g}{unit}",
            "" if self.bar is None else verdict,
            self.note,
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def paired(
    variants: Mapping[str, Callable[[], float]], *, rounds: int
) -> dict[str, Sequence[float]]:
    """What each variant measured in each round: all take their turn in it, in an order drawn anew,
    so what else the machine does meets all alike."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    order = list(variants)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            found[name].append(variants[name]())
    return {name: tuple(values) for name, values in found.items()}


def compare(ours: Sequence[float], theirs: Sequence[float], **line: Any) -> Measured:
    """The line of two variants that took their turns in the same rounds."""
    return Measured(
        measured=statistics.median(ours),
        peer=statistics.median(theirs),
        paired_ratio=statistics.median(map(truediv, ours, theirs)),
        **line,
    )


def paired_ms(
    variants: Mapping[str, Callable[[Argument], object]], arguments: Iterable[Argument]
) -> dict[str, float]:
    """The median wall time of each variant. For each argument all of them take their turn, in an
    order drawn anew."""
    taken: dict[str, list[int]] = {name: [] for name in variants}
    order = list(variants)
    for argument in arguments:
        random.shuffle(order)
        for name in order:
            began = time.perf_counter_ns()
            variants[name](argument)
            taken[name].append(time.perf_counter_ns() - began)
    return {name: statistics.median(times) / 1e6 for name, times in taken.items()}


def cpu_ms(action: Callable[[Argument], object], arguments: Sequence[Argument]) -> float:
    """What one call costs this thread, in processor time: the median over BATCHES shares of
    `arguments`, for one call may be too short for the clock."""
    size = max(1, len(arguments) // BATCHES)
    costs = []
    gc.collect()
    for start in range(0, size * BATCHES, size):
        batch = arguments[start : start + size]
        if not batch:
            break
        began = time.thread_time_ns()
        for argument in batch:
            action(argument)
        costs.append((time.thread_time_ns() - began) / len(batch))
    return statistics.median(costs) / 1e6


def report(title: str, lines: Sequence[Measured]) -> None:
    """Print the table; write the bars to the file that BENCH_JSON names."""
    rows = [HEADER, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"{title} (Python {platform.python_version()}, {os.cpu_count()} processors)")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    if file := os.environ.get("BENCH_JSON"):
        bars = [bar_of(line) for line in lines if line.bar is not None]
        Path(file).write_text(json.dumps({"bars": bars}, indent=2) + "\n")


def bar_of(line: Measured) -> dict[str, object]:
    return {
        "name": line.name,
        "value": line.value,
        "unit": line.unit if line.peer is None else "ratio",
        "bar": line.bar,
        "holds": line.holds,
    }
