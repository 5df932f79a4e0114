"""What a tenant has set is known while the database is away, and waited for only at first."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from apps.gateway.services import model_reader
from apps.gateway.services.model_reader import ModelReader, ModelsUnavailable
from apps.gateway.services.tenant_models import TenantModels

SET = TenantModels(allows_local=True)


class Table:
    """Stands for the database: it answers, fails or is silent."""

    def __init__(self) -> None:
        self.reads = 0
        self.mood = "answers"

    async def ask(self, _tenant_id: UUID) -> TenantModels:
        self.reads += 1
        if self.mood == "fails":
            raise psycopg.OperationalError("away")
        if self.mood == "is silent":
            await asyncio.sleep(60)
        return SET

    async def close(self) -> None:
        """Nothing is held."""


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def with_reader(work: Any) -> None:
    async def run() -> None:
        clock, table = Clock(), Table()
        reader = ModelReader(clock)
        reader._group = table  # type: ignore[assignment]
        try:
            await work(reader, table, clock)
        finally:
            await reader.close()

    asyncio.run(run())


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_reader, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(model_reader, "FIRST_PATIENCE_SECONDS", 0.01)


def test_it_is_read_once_for_all_who_ask_at_the_same_time() -> None:
    async def work(reader: ModelReader, table: Table, clock: Clock) -> None:
        tenant_id = uuid4()
        found: Sequence[Any] = await asyncio.gather(*(reader.of(tenant_id) for _ in range(20)))
        assert {one.models.allows_local for one in found} == {True}
        assert table.reads == 1

    with_reader(work)


def test_it_is_read_anew_while_it_goes_on_answering() -> None:
    async def work(reader: ModelReader, table: Table, clock: Clock) -> None:
        tenant_id = uuid4()
        first = await reader.of(tenant_id)
        clock.at += 2
        assert await reader.of(tenant_id) is first
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert table.reads == 2
        assert await reader.of(tenant_id) is not first

    with_reader(work)


@pytest.mark.parametrize("mood", ["fails", "is silent"])
def test_the_last_known_answers_while_the_database_is_away(mood: str) -> None:
    async def work(reader: ModelReader, table: Table, clock: Clock) -> None:
        tenant_id = uuid4()
        first = await reader.of(tenant_id)
        table.mood = mood
        clock.at += 60
        assert await reader.of(tenant_id) is first

    with_reader(work)


@pytest.mark.parametrize("mood", ["fails", "is silent"])
def test_of_a_tenant_that_nobody_knows_nothing_is_said(mood: str) -> None:
    async def work(reader: ModelReader, table: Table, clock: Clock) -> None:
        table.mood = mood
        with pytest.raises(ModelsUnavailable):
            await reader.of(uuid4())

    with_reader(work)
