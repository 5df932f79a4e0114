"""`python -m tests.bench.engine.profile`: what a step of each kind costs: the statements that the
database is sent (each is a round trip), the commands that Valkey is sent,
and the processor time of each process. Without beat, whose work goes by the clock.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import redis

from tests.bench.engine import specs
from tests.bench.engine.bench import WATCH, Bench, running_bench
from tests.bench.engine.post import Poster
from tests.bench.engine.statements import Statements, data_folder, logged_statements
from tests.bench.engine.usage import cpu_seconds
from tests.bench.engine.waiting import FINALIZED, wait_for_runs

NAMES = ("web", "steps", "llm", "tools")
WARM_RUNS = 3
MESSAGES = "lpush"
"""The command by which a message is put on a queue."""


@dataclass(frozen=True)
class Kind:
    """A run of `units` steps or turns."""

    spec: Callable[[], specs.Spec]
    units: int
    unit: str = "step"


KINDS = {
    "decision": Kind(lambda: specs.decisions(10), 10),
    "noop agent": Kind(lambda: specs.noops(10), 10),
    "llm": Kind(lambda: specs.completions(10), 10),
    "map of llm": Kind(lambda: specs.items(10), 10, "item"),
    "agent of 1 call": Kind(lambda: specs.talk("bench_solo", 10), 10, "turn"),
    "agent of 3 calls": Kind(lambda: specs.talk("bench_trio", 10), 10, "turn"),
    "react of 2 tools": Kind(lambda: specs.react(5, tools=2), 5, "turn"),
}


@dataclass(frozen=True)
class Profile:
    """Of one run."""

    statements: Statements
    commands: Counter[str]
    cpu_ms: Mapping[str, float]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine.profile")
    parser.add_argument("--only", default="", help=f"of {', '.join(KINDS)}, by comma")
    parser.add_argument("--runs", type=int, default=10, help="of each kind, for processor time")
    parser.add_argument("--statements", action="store_true", help="print their texts too")
    given = parser.parse_args()
    wanted = [name.strip() for name in given.only.split(",") if name.strip()]
    with running_bench(NAMES) as bench:
        for name in wanted or KINDS:
            kind = KINDS[name]
            profile = take_profile(bench, kind.spec(), runs=given.runs)
            show(name, kind, profile, with_texts=given.statements)


def take_profile(bench: Bench, spec: specs.Spec, *, runs: int) -> Profile:
    """Processor time over `runs` runs, one after the other; counts of one run more."""
    task = bench.make_task(spec)
    for _ in range(WARM_RUNS):
        finish_one(bench, task)
    leaders = bench.processes.pids() | server_pids(bench)
    before = cpu_seconds(leaders)
    for _ in range(runs):
        finish_one(bench, task)
    after = cpu_seconds(leaders)
    cpu_ms = {name: (after[name] - before[name]) * 1000 / runs for name in leaders}
    with counted_commands(bench) as commands, logged_statements(bench.database) as statements:
        finish_one(bench, task)
    return Profile(statements, commands, cpu_ms)


def finish_one(bench: Bench, task: Any) -> None:
    """A run, from its start to the end of the work that follows its end."""
    run = Poster(bench).post(str(task.id))
    wait_for_runs(bench.database, [run], every_seconds=0.01, until=FINALIZED)


def server_pids(bench: Bench) -> dict[str, int]:
    first, *_ = (data_folder(bench.database) / "postmaster.pid").read_text().splitlines()
    with valkey_of(bench) as valkey:
        told = cast("dict[str, Any]", valkey.info("server"))
    return {"postgres": int(first), "valkey": int(told["process_id"])}


@contextmanager
def counted_commands(bench: Bench) -> Iterator[Counter[str]]:
    """How often each command was sent within the block."""
    found: Counter[str] = Counter()
    with valkey_of(bench) as valkey:
        before = calls_of(valkey)
        yield found
        found.update(calls_of(valkey))
        found.subtract(before)


def valkey_of(bench: Bench) -> "redis.Redis":
    return redis.Redis.from_url(bench.servers["REDIS_URL"])


def calls_of(valkey: "redis.Redis") -> dict[str, int]:
    stats = cast("dict[str, Any]", valkey.info("commandstats"))
    return {name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in stats.items()}


def transactions(sent: "Counter[str]") -> int:
    """How many COMMITs there are among what was sent, alone or behind the last statement."""
    return sum(count for text, count in sent.items() if text.lower().endswith("commit"))


def show(name: str, kind: Kind, profile: Profile, *, with_texts: bool) -> None:
    """All per run; in brackets per step, item or turn, what starts and ends the run included."""

    def per_unit(value: float) -> str:
        return f"{value:.0f} ({value / kind.units:.1f} a {kind.unit})"

    print(f"\n== {name}: a run of {kind.units} {kind.unit}s")
    ours = {who: sent for who, sent in profile.statements.items() if who != WATCH}
    print(f"  statements       {per_unit(sum(sent.total() for sent in ours.values()))}")
    print(f"  transactions     {per_unit(sum(map(transactions, ours.values())))}")
    print(f"  messages         {per_unit(profile.commands[MESSAGES])}")
    print(f"  Valkey commands  {per_unit(profile.commands.total())}")
    print(f"  processor ms     {per_unit(sum(profile.cpu_ms.values()))}")
    for who, milliseconds in profile.cpu_ms.items():
        print(f"    {who:10} {per_unit(milliseconds)}")
    for who, sent in ours.items():
        print(f"  {who}: {sent.total()} statements, {transactions(sent)} transactions")
        for text, count in sent.most_common() if with_texts else ():
            print(f"    {count:4} {text[:200]}")
    if with_texts:
        told = ", ".join(f"{name} {count}" for name, count in profile.commands.most_common(20))
        print(f"  Valkey: {told}")


if __name__ == "__main__":
    main()
