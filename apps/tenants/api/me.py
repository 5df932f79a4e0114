"""Who makes the request."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.tenants.api.serializers import Me
from apps.tenants.facade import principal_of
from apps.tenants.models import Tenant
from apps.tenants.states import RIGHTS_OF_TENANTS


@extend_schema(tags=["me"], responses=Me)
class MeDetail(APIView):
    """The tenant, the person, the key and the rights of whoever asks."""

    required_right_to_read = "any"

    def get(self, request: Request) -> Response:
        who = principal_of(request)
        tenant = Tenant.objects.get(id=who.tenant_id)
        found = {
            "tenant": tenant,
            "user": tenant.users.filter(id=who.user_id).first() if who.user_id else None,
            "api_key": tenant.api_keys.filter(id=who.api_key_id).first()
            if who.api_key_id
            else None,
            "rights": [right for right in RIGHTS_OF_TENANTS if right in who.rights],
        }
        return Response(Me(found).data)
