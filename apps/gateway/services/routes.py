"""From the name of a model to the providers that may answer, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agentplatform.settings.model_routes import Route, split_model
from apps.gateway.contracts import EmbeddingRequest, ModelRequest
from apps.gateway.providers.errors import ContentFiltered, ContextTooLong
from apps.gateway.providers.port import Provider
from apps.gateway.providers.registry import NAMES
from apps.gateway.services.breaker.target_breaker import Subject

DEFAULT = "default"
LOCAL = "local"


@dataclass(frozen=True)
class Target:
    """One model of one provider; with a `key_id` over the tenant's own key. `use` is what it is for
    where that is not to answer."""

    provider: Provider
    model: str
    key_id: str = ""
    use: str = ""

    @property
    def is_own_key(self) -> bool:
        return bool(self.key_id)

    @property
    def subject(self) -> Subject:
        """What its breaker is of: a model that cannot do the one thing may do the other well."""
        asked = f"{self.model} {self.use}" if self.use else self.model
        return Subject(provider=self.provider.name, model=asked, key_id=self.key_id)


@dataclass(frozen=True, kw_only=True)
class Way:
    """Whom to ask, the preferred first; never empty. `instead` are those to go on with after an
    error of that code."""

    targets: Sequence[Target]
    instead: Mapping[str, Sequence[Target]] = field(default_factory=dict)

    def used_for(self, use: str) -> "Way":
        """The same targets for this use."""
        targets, *others = (
            [replace(target, use=use) for target in found]
            for found in (self.targets, *self.instead.values())
        )
        return Way(targets=targets, instead=dict(zip(self.instead, others, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Menu:
    """What a tenant may name. Where `is_routed_only`, nothing but `default` and its routes. Where
    `allows_local`, the local provider answers critical calls too. `key_ids` are the tenant's own
    keys by provider; an empty one cannot be read, so that nothing can be asked there."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    is_routed_only: bool = False
    allows_local: bool = False
    key_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every name that stands for models, in order."""
        return (DEFAULT, *sorted(set(self.routes) - {DEFAULT}))

    def has(self, name: str) -> bool:
        """Whether a call may name it."""
        if name == DEFAULT or name in self.routes:
            return True
        return not self.is_routed_only and bool(split_model(name)[0])

    def target(self, provider: Provider, model: str) -> Target:
        """The model at this provider. Raises NoRoute."""
        key_id = self.key_ids.get(provider.name)
        if key_id == "":
            raise NoRoute(
                "own_key_unreadable",
                f"The tenant's own key for {provider.name} is gone or unreadable; set it again.",
            )
        return Target(provider, model, key_id or "")


class NoRoute(Exception):
    """Nobody can answer; the code and the sentence say why and what to change."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def way_of(request: ModelRequest, *, providers: Mapping[str, Provider], menu: Menu) -> Way:
    """Whom to ask for the model that the request names. Raises NoRoute.

    A route is its models whose provider is on, in its order. Without a route of that name `default`
    is each provider's default model. `provider:model` is that model alone. In lists the local
    provider counts for calls that are not critical, for tenants that allow it, and where there is
    no other.
    """
    way = _way_of(request, providers, menu)
    return way.used_for("embeddings") if isinstance(request, EmbeddingRequest) else way


def _way_of(request: ModelRequest, providers: Mapping[str, Provider], menu: Menu) -> Way:
    name = request.model
    if not menu.has(name):
        raise NoRoute("unknown_model", _unknown(name, menu))
    is_local_served = menu.allows_local or not request.critical
    route = menu.routes.get(name)
    if route is not None:
        return _routed(name, route, providers, menu, is_local_served)
    if name != DEFAULT:
        return Way(targets=[_pinned(name, providers, menu)])
    if not providers:
        raise NoRoute(
            "no_provider",
            "No model provider is configured; set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
            "LOCAL_LLM_BASE_URL.",
        )
    targets = [menu.target(one, one.default_model) for one in providers.values()]
    return Way(targets=_without_local(targets, is_local_served))


def _routed(
    alias: str,
    route: Route,
    providers: Mapping[str, Provider],
    menu: Menu,
    is_local_served: bool,
) -> Way:
    def found(models: Sequence[str]) -> Sequence[Target]:
        pairs = map(split_model, models)
        targets = [
            menu.target(providers[name], model) for name, model in pairs if name in providers
        ]
        return _without_local(targets, is_local_served)

    targets = found(route.targets)
    if not targets:
        wanted = dict.fromkeys(split_model(model)[0] for model in route.targets)
        settings = " or ".join(map(_setting_of, wanted))
        raise NoRoute("no_provider", f"{alias!r} needs {', '.join(wanted)}; set {settings}.")
    instead = {
        ContextTooLong.code: found(route.on_context_window),
        ContentFiltered.code: found(route.on_content_filter),
    }
    return Way(targets=targets, instead={code: to for code, to in instead.items() if to})


def _without_local(targets: Sequence[Target], is_local_served: bool) -> Sequence[Target]:
    others = [target for target in targets if target.provider.name != LOCAL]
    return targets if is_local_served or not others else others


def _pinned(name: str, providers: Mapping[str, Provider], menu: Menu) -> Target:
    provider, model = split_model(name)
    if provider not in providers:
        raise NoRoute(
            "no_provider", f"{name!r} needs the provider {provider}; set {_setting_of(provider)}."
        )
    return menu.target(providers[provider], model)


def _setting_of(provider: str) -> str:
    return "LOCAL_LLM_BASE_URL" if provider == LOCAL else f"{provider.upper()}_API_KEY"


def _unknown(name: str, menu: Menu) -> str:
    there_is = f"There is no model {name!r}; use " + ", ".join(map(repr, menu.aliases))
    if menu.is_routed_only:
        return f"{there_is}, which are all that this tenant may name."
    return f"{there_is} or <provider>:<model> with one of {', '.join(NAMES)}."
