"""Kombu's transport for Redis and Valkey, which survives what is no message, and costs less.

Kombu takes an item off its list and only then reads it: what is no JSON, or no envelope, would stop
the worker and be lost. It is put into an envelope of its own instead, which no task accepts.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from agentplatform.dead_letters.envelope import as_envelope, read_item


class Channel(redis.Channel):
    """Keeps one client for its commands. Kombu makes one for each, which takes longer than the
    command itself."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[misc]
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[misc]
        return self._kept


class Transport(redis.Transport):
    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        envelope = as_envelope(message)
        if envelope is not message:
            envelope["properties"]["delivery_info"]["routing_key"] = queue or ""
        super()._deliver(envelope, queue)


def install() -> None:
    """Make `redis://` mean this transport, for every connection that is opened from now on."""
    redis.loads = read_item  # type: ignore[attr-defined]
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
