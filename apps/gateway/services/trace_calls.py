"""Whose spans the attempts of a call are."""

from collections.abc import Mapping
from dataclasses import asdict

from django.conf import settings

from agentplatform.telemetry.tracing import tracer
from apps.gateway.providers.port import Provider
from apps.gateway.services.attempt import CallOwner


def with_spans(providers: Mapping[str, Provider], *, owner: CallOwner) -> Mapping[str, Provider]:
    """The same providers for this call, each of whose attempts is a span, within its step's;
    themselves where nobody wants spans."""
    found = tracer()
    if found is None:
        return providers
    from apps.gateway.providers.spans import TracedProvider

    belongs_to: dict[str, str | int | float | bool] = {
        f"agentplatform.{name}": str(value)
        for name, value in asdict(owner).items()
        if value is not None
    }
    with_content = settings.PLATFORM.trace_content
    return {
        name: TracedProvider(
            one,
            tracer=found,
            step_id=owner.step_id,
            belongs_to=belongs_to,
            with_content=with_content,
        )
        for name, one in providers.items()
    }
