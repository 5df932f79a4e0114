"""Artifacts over HTTP."""

from functools import partial
from pathlib import PurePosixPath
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.streaming import stream
from agentplatform.core.clock import now
from apps.tenants.facade import principal_of
from apps.tools.api.serializers import ArtifactRead, ArtifactWrite
from apps.tools.selectors import artifact_ref, get_artifact
from apps.tools.services.open_artifact import open_artifact
from apps.tools.services.store_artifact import store_artifact

PART_BYTES = 64 * 1024

# Types that a browser shows without running anything in them; all others are sent as bytes.
SAFE_TYPES = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "text/csv",
        "text/plain",
    }
)


@extend_schema(tags=["artifacts"])
class ArtifactList(APIView):
    """POST stores a file, for example the input of a run."""

    required_right = "run"

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": ArtifactWrite},
        responses={201: ArtifactRead},
        operation_id="artifacts_create",
    )
    def post(self, request: Request) -> Response:
        body = ArtifactWrite(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        artifact = store_artifact(
            tenant_id=principal_of(request).tenant_id, name=file.name, content=file, at=now()
        )
        return Response(ArtifactRead(artifact).data, status=201)


@extend_schema(tags=["artifacts"])
class ArtifactDetail(APIView):
    """What a stored file is."""

    required_right_to_read = "read"

    @extend_schema(responses=ArtifactRead)
    def get(self, request: Request, artifact_id: UUID) -> Response:
        row = get_artifact(tenant_id=principal_of(request).tenant_id, artifact_id=artifact_id)
        return Response(ArtifactRead(artifact_ref(row)).data)


@extend_schema(tags=["artifacts"])
class ArtifactContent(APIView):
    """The stored file itself, always as a download."""

    required_right_to_read = "read"

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)}
    )
    def get(self, request: Request, artifact_id: UUID) -> StreamingHttpResponse:
        ref, content = open_artifact(
            tenant_id=principal_of(request).tenant_id, artifact_id=artifact_id
        )
        is_safe = ref.media_type in SAFE_TYPES
        response = stream(
            request,
            iter(partial(content.read, PART_BYTES), b""),
            content_type=ref.media_type if is_safe else "application/octet-stream",
            close=content.close,
        )
        name = PurePosixPath(ref.name).name
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        response["Content-Length"] = str(ref.size_bytes)
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response
