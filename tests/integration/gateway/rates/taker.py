"""A process that takes of one limit as often as it can: `taker URL RATES_JSON TIMES`. Prints how
many were admitted."""

import asyncio
import sys
from uuid import UUID

import orjson

from apps.gateway.rates.valkey_counts import Taking, ValkeyCounts
from tests.integration.gateway.rates.scripts import rates


async def take(url: str, tenant_id: UUID, asked: dict[str, object], times: int) -> int:
    counts = ValkeyCounts(url, timeout_seconds=60)  # of many processes each waits for a turn
    of_call = rates(**asked, tenant_id=tenant_id)  # type: ignore[arg-type]
    found = await asyncio.gather(*(counts.take(Taking(of_call, 1)) for _ in range(times)))
    await counts.close()
    return sum(one is not None and one.is_admitted for one in found)


if __name__ == "__main__":
    url, tenant_id, asked, times = sys.argv[1:]
    print(asyncio.run(take(url, UUID(tenant_id), orjson.loads(asked), int(times))))
