"""Names resolved to public addresses only, so that a tenant's base URL leads to no host of ours."""

import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from agentplatform.core.public_addresses import is_global


class PublicResolver(AbstractResolver):
    """Raises OSError for a name that has any other address. What it answers is what is dialled."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(is_global(one["host"]) for one in found):
            raise OSError(None, f"{host} does not resolve to public addresses only")
        return found

    async def close(self) -> None:
        await self._resolver.close()
