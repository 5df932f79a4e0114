"""The requester's own tenant over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.core.clock import now
from apps.tenants.api.serializers import TenantChange, TenantRead
from apps.tenants.facade import principal_of
from apps.tenants.models import Tenant
from apps.tenants.selectors import budget_use
from apps.tenants.services.change_tenant import change_tenant


@extend_schema(tags=["tenant"], responses=TenantRead)
class TenantDetail(APIView):
    """Your tenant; PATCH changes what its admins decide."""

    required_right = "admin"
    required_right_to_read = "read"

    def get(self, request: Request) -> Response:
        return _shown(Tenant.objects.get(id=principal_of(request).tenant_id))

    @extend_schema(request=TenantChange)
    def patch(self, request: Request) -> Response:
        body = TenantChange(data=request.data)
        body.is_valid(raise_exception=True)
        tenant = change_tenant(
            tenant_id=principal_of(request).tenant_id, changes=body.validated_data, at=now()
        )
        return _shown(tenant)


def _shown(tenant: Tenant) -> Response:
    use = budget_use(tenant_id=tenant.id, at=now())
    return Response(TenantRead(tenant, context={"budget": use}).data)
