"""What somebody should look at."""

from uuid import UUID

from django.db.models import QuerySet

from apps.tenants.contracts import AlertFilter
from apps.tenants.models import Alert


def alerts_of(*, tenant_id: UUID, wanted: AlertFilter) -> QuerySet[Alert]:
    """The alerts that are wanted of a tenant."""
    alerts = Alert.objects.filter(tenant_id=tenant_id)
    for name in ("kind", "subject"):
        if (value := getattr(wanted, name)) is not None:
            alerts = alerts.filter(**{name: value})
    if wanted.since is not None:
        alerts = alerts.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        alerts = alerts.filter(created_at__lt=wanted.until)
    return alerts
