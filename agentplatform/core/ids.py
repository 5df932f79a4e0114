"""Identifiers: UUID version 7, made by the server, ordered by time (RFC 9562, section 5.7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh identifier. Later ids sort after earlier ones, so indexes grow at their end."""
    return uuid7()
