"""Reads under row-level security, against the same reads of the twin."""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from django.db import connections, transaction

from agentplatform.core.tenancy import ADMIN, APPLICATION, no_scope, platform_scope, tenant_scope
from apps.runs.models import Run
from tests.bench.bars import Measured, paired_ms
from tests.bench.tenancy.rows import TWIN, RunOf

BAR = 1.35
PAGE = 50
BARE = "select id, tenant_id, status from runs where tenant_id = %s and id = %s"

Read = Callable[[str, RunOf], object]


def read_one(alias: str, run: RunOf) -> object:
    return Run.objects.using(alias).get(tenant_id=run[0], id=run[1])


def read_page(alias: str, run: RunOf) -> object:
    return list(Run.objects.using(alias).filter(tenant_id=run[0])[:PAGE])


def read_bare(alias: str, run: RunOf) -> object:
    with connections[alias].cursor() as cursor:
        cursor.execute(BARE, run)
        return cursor.fetchone()


READS: tuple[tuple[str, Read, float | None], ...] = (
    ("primary key", read_one, BAR),
    (f"list of {PAGE}", read_page, BAR),
    ("primary key, SQL without the ORM", read_bare, None),
)


def measure_reads(rows: Sequence[RunOf], *, rounds: int) -> Iterator[Measured]:
    """Each read by itself and in a transaction, as the application's role and as the admin's."""
    for name, read, bar in READS:
        for is_atomic in (False, True):
            act = partial(in_scope, read, is_atomic)
            variants = {alias: partial(act, alias) for alias in (APPLICATION, ADMIN, TWIN)}
            for variant in variants.values():
                variant(rows[0])
            trips = {alias: count_round_trips(alias, rows[0], act) for alias in variants}
            ms = paired_ms(variants, random.choices(rows, k=rounds))
            where = "in a transaction" if is_atomic else "by itself"
            for alias, shown, held in (
                (APPLICATION, f"{name}, {where}", bar),
                (ADMIN, "  as the admin's role", None),
            ):
                yield Measured(
                    name=shown,
                    measured=ms[alias],
                    unit="ms",
                    peer=ms[TWIN],
                    peer_name="without",
                    bar=held,
                    note=f"round trips: {trips[alias]}, without {trips[TWIN]}",
                )


def in_scope(read: Read, is_atomic: bool, alias: str, run: RunOf) -> None:
    """One read, with all that a caller does around it: opening the scope is part of the price."""
    with scope_of(alias, run), transaction.atomic(using=alias) if is_atomic else nullcontext():
        read(alias, run)


def scope_of(alias: str, run: RunOf) -> AbstractContextManager[None]:
    scopes = {APPLICATION: lambda: tenant_scope(run[0]), ADMIN: platform_scope, TWIN: no_scope}
    return scopes[alias]()


def count_round_trips(alias: str, run: RunOf, act: Callable[[str, RunOf], object]) -> int:
    """How many messages libpq sends that ask the server something."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace")
        session = connections[alias].connection.pgconn
        with trace.open("wb") as file:
            session.trace(file.fileno())
            act(alias, run)
            session.untrace()
        lines = [line.split("\t") for line in trace.read_text().splitlines()]
    return sum(len(line) > 3 and line[1] == "F" and line[3] in ("Query", "Sync") for line in lines)
