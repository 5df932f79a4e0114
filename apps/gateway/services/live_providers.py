"""The providers that the settings of now turn on, and those of tenants' own keys."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from agentplatform.settings.environment import Environment
from apps.gateway.providers.port import Provider
from apps.gateway.providers.registry import NAMES, SETTINGS, Access, make_provider, make_providers

MAX_OWN = 200
"""So many providers of own keys keep their connections while nobody uses them."""


class _Set:
    """Providers made together, closed by the last of their users; whoever keeps the set is one."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self.providers = providers
        self.users = 1

    def join(self) -> None:
        self.users += 1

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
        self._made_from: tuple[object, ...] = ()
        self._platform: _Set | None = None
        self._own: OrderedDict[Access, _Set] = OrderedDict()

    @asynccontextmanager
    async def lend(
        self, settings: Environment, own: Collection[Access] = ()
    ) -> AsyncIterator[Mapping[str, Provider]]:
        """The providers of these settings, the preferred first, those of `own` in place of the
        platform's. Those of earlier settings, and those of keys that were not used for longest,
        close after their last call."""
        # Joined in one go, as another call may come at each await.
        joined, left = self._join(settings)
        for access in own:
            found, others = self._join_own(access)
            joined.append(found)
            left += others
        try:
            for one in left:
                await one.leave()
            providers = {name: one for found in joined for name, one in found.providers.items()}
            yield {name: providers[name] for name in NAMES if name in providers}
        finally:
            for one in joined:
                await one.leave()

    async def close(self) -> None:
        """Give up every connection; the next call makes new ones."""
        held = [*self._own.values(), *([self._platform] if self._platform else [])]
        self._platform = None
        self._own.clear()
        for one in held:
            await one.close()

    def _join(self, settings: Environment) -> tuple[list[_Set], list[_Set]]:
        """The platform's, and what is to be left for them."""
        before, made_from = self._platform, _relevant(settings)
        if before is None or self._made_from != made_from:
            self._platform, self._made_from = _Set(make_providers(settings)), made_from
        else:
            before = None
        assert self._platform is not None
        self._platform.join()
        return [self._platform], [before] if before else []

    def _join_own(self, access: Access) -> tuple[_Set, list[_Set]]:
        held = self._own.pop(access, None) or _Set({access.name: make_provider(access)})
        self._own[access] = held
        held.join()
        left = [self._own.popitem(last=False)[1]] if len(self._own) > MAX_OWN else []
        return held, left


def _relevant(settings: Environment) -> tuple[object, ...]:
    return tuple(getattr(settings, name) for name in SETTINGS)
