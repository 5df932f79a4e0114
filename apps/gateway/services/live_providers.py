"""The providers that the settings of now turn on, remade when those change."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from agentplatform.settings.environment import Environment
from apps.gateway.providers.port import Provider
from apps.gateway.providers.registry import SETTINGS, make_providers


class _Set:
    """Providers made from one version of the settings, closed by the last of its users."""

    def __init__(self, settings: Environment) -> None:
        self.made_from = _relevant(settings)
        self.providers = make_providers(settings)
        self.users = 0

    async def leave(self) -> None:
        self.users -= 1
        if not self.users:
            await self.close()

    async def close(self) -> None:
        for provider in self.providers.values():
            await provider.close()


class LiveProviders:
    """Belongs to one event loop. A call keeps the providers it began with until its end."""

    def __init__(self) -> None:
        self._set: _Set | None = None

    @asynccontextmanager
    async def lend(self, settings: Environment) -> AsyncIterator[Mapping[str, Provider]]:
        """The providers of these settings; those of earlier ones close after their last call."""
        before, lent = self._set, self._join_set(settings)
        try:
            if before is not None and before is not lent:
                await before.leave()
            yield lent.providers
        finally:
            await lent.leave()

    async def close(self) -> None:
        """Give up every connection; the next call makes new ones."""
        held, self._set = self._set, None
        if held is not None:
            await held.close()

    def _join_set(self, settings: Environment) -> _Set:
        """In one go, as another call may come at each await. The set in force has one user more
        than calls: this object."""
        if self._set is None or self._set.made_from != _relevant(settings):
            self._set = _Set(settings)
            self._set.users += 1
        self._set.users += 1
        return self._set


def _relevant(settings: Environment) -> tuple[object, ...]:
    return tuple(getattr(settings, name) for name in SETTINGS)
