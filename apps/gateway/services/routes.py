"""From the name of a model to the providers that may answer, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.gateway.contracts import CompletionRequest
from apps.gateway.providers.port import Provider
from apps.gateway.providers.registry import NAMES
from apps.gateway.services.breaker.target_breaker import Subject

DEFAULT = "default"


@dataclass(frozen=True)
class Target:
    """One model of one provider."""

    provider: Provider
    model: str

    @property
    def subject(self) -> Subject:
        """What its breaker is of."""
        return Subject(provider=self.provider.name, model=self.model)


class NoRoute(Exception):
    """Nobody can answer; the code and the sentence say why and what to change."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def is_known_model(alias: str) -> bool:
    """Whether `alias` is `default` or names a model as `provider:model`."""
    name, separator, model = alias.partition(":")
    return alias == DEFAULT or bool(separator and model and name in NAMES)


def targets_of(
    request: CompletionRequest, *, providers: Mapping[str, Provider]
) -> Sequence[Target]:
    """Whom to ask, the preferred first; never empty. Raises NoRoute.

    `default` is each provider's default model; the local one only for calls that are not critical,
    or where there is no other. `provider:model` is that model alone.
    """
    if not is_known_model(request.model):
        raise NoRoute(
            "unknown_model",
            f"There is no model {request.model!r}; "
            f"use {DEFAULT!r} or <provider>:<model> with one of {', '.join(NAMES)}.",
        )
    if request.model != DEFAULT:
        return [_pinned(request.model, providers)]
    if not providers:
        raise NoRoute(
            "no_provider",
            "No model provider is configured; set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
            "LOCAL_LLM_BASE_URL.",
        )
    is_local_alone = set(providers) == {"local"}
    return [
        Target(provider, provider.default_model)
        for name, provider in providers.items()
        if name != "local" or is_local_alone or not request.critical
    ]


def _pinned(alias: str, providers: Mapping[str, Provider]) -> Target:
    name, _, model = alias.partition(":")
    if name not in providers:
        variable = "LOCAL_LLM_BASE_URL" if name == "local" else f"{name.upper()}_API_KEY"
        raise NoRoute("no_provider", f"{alias!r} needs the provider {name}; set {variable}.")
    return Target(providers[name], model)
