"""Whether a key works, in a word."""

from datetime import datetime
from typing import Any, Literal

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from agentplatform.core.clock import now
from apps.tenants.models import ApiKey

State = Literal["live", "rotated", "expired", "revoked"]
COLORS = {"live": "success", "rotated": "warning", "expired": "danger", "revoked": "danger"}


def state_of(key: ApiKey, *, at: datetime) -> State:
    """`rotated`: it works on for a while beside its successor."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= at:
        return "expired"
    return "live" if key.rotated_at is None else "rotated"


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in COLORS]

    def queryset(self, _request: HttpRequest, keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        revoked, rotated = Q(revoked_at__isnull=False), Q(rotated_at__isnull=False)
        expired = Q(expires_at__isnull=False, expires_at__lte=now())
        conditions = {
            "revoked": revoked,
            "expired": expired & ~revoked,
            "rotated": rotated & ~expired & ~revoked,
            "live": ~rotated & ~expired & ~revoked,
        }
        chosen = conditions.get(self.value() or "")
        return keys if chosen is None else keys.filter(chosen)
