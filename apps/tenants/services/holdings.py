"""What apps hold of tenants: each registers its own, for tenants does not know them."""

from datetime import datetime
from uuid import UUID

from apps.tenants.contracts import Counts, Holdings

_registered: dict[str, Holdings] = {}


def register_holdings(app: str, holdings: Holdings) -> None:
    """To be called once the app is ready."""
    _registered[app] = holdings


def all_holdings() -> list[Holdings]:
    """The holdings of every app. An app that refers to others comes before them: Django readies
    apps from the lowest to the highest."""
    return list(reversed(_registered.values()))


def count_work(*, tenant_id: UUID) -> Counts:
    """What runs of the tenant, in every app."""
    found = (holdings.count_work(tenant_id=tenant_id) for holdings in all_holdings())
    return {noun: number for counts in found for noun, number in counts.items()}


def count_holdings(*, tenant_id: UUID, ended_before: datetime | None) -> Counts:
    """What a purge would delete, in every app; `ended_before` as for Holdings."""
    found = (
        holdings.count(tenant_id=tenant_id, ended_before=ended_before)
        for holdings in all_holdings()
    )
    return {noun: number for counts in found for noun, number in counts.items()}
