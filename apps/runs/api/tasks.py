"""Task definitions over HTTP."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from apps.runs.api.serializers import (
    SpecCheck,
    SpecVerdict,
    TaskChange,
    TaskDetailRead,
    TaskFilter,
    TaskRead,
    TaskVersionRead,
    TaskWrite,
)
from apps.runs.models import TaskDefinition, TaskVersion
from apps.runs.selectors import find_newest_version, find_task, newest_version, newest_versions
from apps.runs.services.save_task import (
    archive_task,
    change_task,
    check_spec,
    create_task,
    find_warnings,
)
from apps.runs.spec.document import Spec
from apps.tenants.facade import principal_of


def task_or_404(request: Request, task_id: UUID) -> TaskDefinition:
    """The requester's task. Raises NotFound for a missing one and another tenant's alike."""
    task = find_task(tenant_id=principal_of(request).tenant_id, task_id=task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    return task


def newest_version_or_404(request: Request, task_id: UUID) -> TaskVersion:
    """What a new run of the requester's task pins. Raises NotFound as task_or_404."""
    tenant_id = principal_of(request).tenant_id
    version = find_newest_version(tenant_id=tenant_id, task_id=task_id)
    if version is None:
        raise NotFound(f"There is no task {task_id}.")
    return version


@extend_schema(tags=["tasks"])
class TaskList(PagedView):
    """POST creates a task definition; GET lists them, newest first."""

    required_right = "run"
    required_right_to_read = "read"

    @extend_schema(
        parameters=[TaskFilter],
        responses=TaskRead(many=True),
        operation_id="tasks_list",
    )
    def get(self, request: Request) -> Response:
        tasks = TaskDefinition.objects.filter(
            tenant_id=principal_of(request).tenant_id, is_active=True
        )
        wanted = TaskFilter(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        tasks = tasks.filter(**wanted.validated_data)
        return self.answer_page(request, tasks, TaskRead, show=_newest)

    @extend_schema(request=TaskWrite, responses={201: TaskDetailRead})
    def post(self, request: Request) -> Response:
        body = TaskWrite(data=request.data)
        body.is_valid(raise_exception=True)
        who = principal_of(request)
        task = create_task(
            tenant_id=who.tenant_id, created_by=who.user_id, at=now(), **body.validated_data
        )
        return Response(TaskDetailRead(newest_version(task)).data, status=201)


def _newest(tasks: list[TaskDefinition]) -> list[TaskVersion]:
    newest = newest_versions(tasks)
    return [newest[task.id] for task in tasks]


@extend_schema(tags=["tasks"])
class TaskDetail(APIView):
    """One task definition; PATCH adds a version, DELETE archives."""

    required_right = "run"
    required_right_to_read = "read"

    @extend_schema(responses=TaskDetailRead)
    def get(self, request: Request, task_id: UUID) -> Response:
        return Response(TaskDetailRead(newest_version(task_or_404(request, task_id))).data)

    @extend_schema(request=TaskChange, responses=TaskDetailRead)
    def patch(self, request: Request, task_id: UUID) -> Response:
        task = task_or_404(request, task_id)
        body = TaskChange(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_task(
            task=task,
            created_by=principal_of(request).user_id,
            at=now(),
            **body.validated_data,
        )
        return Response(TaskDetailRead(newest_version(changed)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, task_id: UUID) -> Response:
        archive_task(task=task_or_404(request, task_id), at=now())
        return Response(status=204)


@extend_schema(tags=["tasks"], responses=TaskVersionRead(many=True))
class TaskVersions(APIView):
    """Every version of a task, newest first."""

    required_right_to_read = "read"

    def get(self, request: Request, task_id: UUID) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        versions = task_or_404(request, task_id).versions.order_by("-number")
        return Response(TaskVersionRead(versions, many=True).data)


class TaskValidate(APIView):
    """Check a spec without saving it."""

    required_right = "read"

    @extend_schema(tags=["tasks"], request=SpecCheck, responses=SpecVerdict)
    def post(self, request: Request) -> Response:
        body = SpecCheck(data=request.data)
        body.is_valid(raise_exception=True)
        tenant_id = principal_of(request).tenant_id
        spec = check_spec(body.validated_data["spec"], tenant_id=tenant_id)
        return Response({"valid": True, "warnings": find_warnings(spec, tenant_id=tenant_id)})


class TaskSchema(APIView):
    """The JSON schema of a spec."""

    required_right_to_read = "read"

    @extend_schema(
        tags=["tasks"], responses=OpenApiResponse({"type": "object"}, description="JSON schema")
    )
    def get(self, _request: Request) -> Response:
        schema: dict[str, Any] = Spec.model_json_schema()
        return Response(schema)
