"""What names of models stand for in the requester's tenant, over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from apps.gateway.api.model_serializers import ModelRouteRead, ModelRouteWrite
from apps.gateway.models import ModelRoute
from apps.gateway.services.set_model_route import delete_model_route, set_model_route
from apps.tenants.facade import principal_of


@extend_schema(tags=["models"])
class ModelRouteList(APIView):
    """The tenant's own routes, by name; the platform's count beside them."""

    required_right_to_read = "read"

    @extend_schema(responses=ModelRouteRead(many=True), operation_id="model_routes_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        rows = ModelRoute.objects.filter(tenant_id=principal_of(request).tenant_id)
        return Response(ModelRouteRead(rows.order_by("alias"), many=True).data)


@extend_schema(tags=["models"])
class ModelRouteDetail(APIView):
    """PUT sets a route, whether there was one or not; DELETE forgets it."""

    required_right = "admin"

    @extend_schema(request=ModelRouteWrite, responses=ModelRouteRead)
    def put(self, request: Request, alias: str) -> Response:
        body = ModelRouteWrite(data=request.data)
        body.is_valid(raise_exception=True)
        tenant_id = principal_of(request).tenant_id
        set_model_route(tenant_id=tenant_id, alias=alias, at=now(), **body.validated_data)
        row = ModelRoute.objects.get(tenant_id=tenant_id, alias=alias)
        return Response(ModelRouteRead(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, alias: str) -> Response:
        delete_model_route(tenant_id=principal_of(request).tenant_id, alias=alias, at=now())
        return Response(status=204)
