"""A decision as HTTP tells it, in the headers of OpenAI's API."""

import math

from apps.gateway.rates.decision import Decision, Quota

Header = tuple[bytes, bytes]


def rate_headers(decision: Decision) -> list[Header]:
    """What is left, of requests and of tokens as far as they are limited; after a refusal that time
    helps, when to come back, in whole seconds and in milliseconds; after another, that it is in
    vain."""
    headers: list[Header] = []
    if decision.requests is not None:
        headers += _quota(b"requests", decision.requests)
    if decision.tokens is not None:
        headers += _quota(b"tokens", decision.tokens)
    if decision.refusal is not None:
        headers += _retry(decision.refusal.retry_after_seconds)
    return headers


def _retry(seconds: float | None) -> list[Header]:
    if seconds is None:
        return [(b"x-should-retry", b"false")]
    return [
        (b"retry-after", b"%d" % max(1, math.ceil(seconds))),
        (b"retry-after-ms", b"%d" % max(1, math.ceil(seconds * 1000))),
    ]


def _quota(unit: bytes, quota: Quota) -> list[Header]:
    return [
        (b"x-ratelimit-limit-" + unit, b"%d" % quota.limit),
        (b"x-ratelimit-remaining-" + unit, b"%d" % quota.remaining),
        (b"x-ratelimit-reset-" + unit, _duration(quota.reset_seconds)),
    ]


def _duration(seconds: float) -> bytes:
    """20ms, 1.5s, 1m2s: as Go writes durations, and OpenAI does."""
    milliseconds = math.ceil(seconds * 1000)
    if milliseconds < 1000:
        return b"%dms" % milliseconds
    minutes, rest = divmod(milliseconds, 60_000)
    told = f"{rest / 1000:.3f}".rstrip("0").rstrip(".")
    return f"{minutes}m{told}s".encode() if minutes else f"{told}s".encode()
