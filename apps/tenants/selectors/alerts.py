"""What somebody should look at."""

from uuid import UUID

from django.db.models import QuerySet

from apps.tenants.contracts import AlertFilter
from apps.tenants.models import Alert
from apps.tenants.selectors.narrowing import narrow


def alerts_of(*, tenant_id: UUID, wanted: AlertFilter) -> QuerySet[Alert]:
    """The alerts that are wanted of a tenant."""
    alerts = Alert.objects.filter(tenant_id=tenant_id)
    return narrow(alerts, wanted, same=("kind", "subject"), at="created_at")
