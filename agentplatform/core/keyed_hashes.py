"""Keyed hashes that outlive a change of keys: write the first, accept any."""

import hmac

from agentplatform.core.key_ring import key_ring


def keyed_hashes(text: str | bytes, *, purpose: str) -> tuple[str, ...]:
    """HMAC-SHA256 in hex under each key of the ring, the current first. Purposes share no hash."""
    raw = text.encode() if isinstance(text, str) else text
    return tuple(
        hmac.digest(key.derive(f"agentplatform.hash.{purpose}"), raw, "sha256").hex()
        for key in key_ring()
    )
