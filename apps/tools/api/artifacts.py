"""Artifacts over HTTP."""

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from apps.tenants.facade import principal_of
from apps.tools.api.download import download, protected
from apps.tools.api.linked_file import address_of
from apps.tools.api.serializers import (
    ArtifactLinkRead,
    ArtifactLinkWrite,
    ArtifactRead,
    ArtifactWrite,
    ThumbnailRead,
)
from apps.tools.models import Artifact
from apps.tools.selectors import artifact_ref, get_artifact
from apps.tools.services.artifact_links import make_link
from apps.tools.services.store_artifact import store_artifact
from apps.tools.services.thumbnails import open_thumbnail


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
    """The stored file itself, always as a download; `Range` asks for a part of it."""

    required_right_to_read = "read"

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)}
    )
    def get(self, request: Request, artifact_id: UUID) -> HttpResponseBase:
        tenant_id = principal_of(request).tenant_id
        row = get_artifact(tenant_id=tenant_id, artifact_id=artifact_id)
        return download(request, tenant_id=tenant_id, file=artifact_ref(row))


@extend_schema(tags=["artifacts"])
class ArtifactLink(APIView):
    """POST makes a link to the file that works without a key, as long as it says."""

    required_right = "run"

    @extend_schema(
        request=ArtifactLinkWrite, responses={201: ArtifactLinkRead}, operation_id="artifacts_link"
    )
    def post(self, request: Request, artifact_id: UUID) -> Response:
        body = ArtifactLinkWrite(data=request.data)
        body.is_valid(raise_exception=True)
        link = make_link(
            tenant_id=principal_of(request).tenant_id,
            artifact_id=artifact_id,
            seconds=body.validated_data.get("seconds"),
            at=now(),
        )
        shown = {
            "url": request.build_absolute_uri(address_of(link)),
            "expires_at": link.expires_at,
        }
        return Response(ArtifactLinkRead(shown).data, status=201)


@extend_schema(tags=["artifacts"])
class ArtifactThumbnail(APIView):
    """A small PNG picture of an artifact that is an image. 202 while it is being made; 404 of what
    is no image, or none that can be shown."""

    required_right_to_read = "read"

    @extend_schema(
        responses={
            (200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY),
            202: OpenApiResponse(ThumbnailRead),
        }
    )
    def get(self, request: Request, artifact_id: UUID) -> HttpResponseBase:
        row = get_artifact(tenant_id=principal_of(request).tenant_id, artifact_id=artifact_id)
        if row.thumbnail == Artifact.Thumbnail.WANTED:
            return Response(ThumbnailRead(row).data, status=202, headers={"Retry-After": "1"})
        if row.thumbnail != Artifact.Thumbnail.MADE:
            raise NotFound(f"There is no thumbnail of the artifact {artifact_id}.")
        with open_thumbnail(row) as picture:
            answer = HttpResponse(picture.read(), content_type="image/png")
        return protected(answer)
