"""Who changed what, over HTTP."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.streaming import stream
from apps.tenants.api.serializers import AuditQuery, AuditRead
from apps.tenants.contracts import AuditFilter
from apps.tenants.facade import principal_of
from apps.tenants.selectors import audit_entries
from apps.tenants.services.export_audit import export_audit

LINES = "application/x-ndjson"


class LinesRenderer(JSONRenderer):
    """Lets a client ask for LINES; an error is JSON all the same."""

    media_type = LINES
    format = "ndjson"


def _wanted(request: Request) -> AuditFilter:
    query = AuditQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    return AuditFilter(**query.validated_data)


@extend_schema(tags=["audit"], parameters=[AuditQuery])
class AuditList(PagedView):
    """Every change of the tenant, newest first."""

    required_right_to_read = "admin"

    @extend_schema(responses=AuditRead(many=True), operation_id="audit_list")
    def get(self, request: Request) -> Response:
        entries = audit_entries(tenant_id=principal_of(request).tenant_id, wanted=_wanted(request))
        return self.answer_page(request, entries, AuditRead)


@extend_schema(tags=["audit"], parameters=[AuditQuery])
class AuditExport(APIView):
    """The same as JSON lines, oldest first, whole."""

    required_right_to_read = "admin"
    renderer_classes = (JSONRenderer, LinesRenderer)

    @extend_schema(responses={(200, LINES): OpenApiResponse(OpenApiTypes.STR)})
    def get(self, request: Request) -> StreamingHttpResponse:
        lines = export_audit(tenant_id=principal_of(request).tenant_id, wanted=_wanted(request))
        response = stream(request, lines, content_type=LINES)
        response["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
        return response
