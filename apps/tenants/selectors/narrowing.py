"""Rows that a filter asks for."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.tenants.contracts import AlertFilter, AuditFilter

Row = TypeVar("Row", bound=Model)


def narrow(
    rows: QuerySet[Row], wanted: AlertFilter | AuditFilter, *, same: tuple[str, ...], at: str
) -> QuerySet[Row]:
    """Those whose fields `same` are as `wanted`, and whose time `at` is within `since` and `until`,
    as far as it says."""
    given: dict[str, Any] = {name: getattr(wanted, name) for name in same}
    given |= {f"{at}__gte": wanted.since, f"{at}__lt": wanted.until}
    return rows.filter(**{name: value for name, value in given.items() if value is not None})
