"""People and events in the loop of a run."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.serializers import StrictSerializer
from agentplatform.core.clock import now
from apps.runs.api.runs import run_or_404
from apps.runs.api.serializers import RunRead
from apps.runs.services.answer_step import approve_step, reject_step, signal_step
from apps.runs.services.dispatch import QueuedStep, send_steps
from apps.tenants.facade import principal_of


class Answer(StrictSerializer):
    """`ask` is the id of one of the step's open `asks`; it may be left out while there is only one,
    and is for a step of the kind `approval`."""

    ask = serializers.UUIDField(required=False, allow_null=True, default=None)
    comment = serializers.CharField(max_length=10_000, allow_blank=True, default="")


class Approval(Answer):
    """`option` is one of the options of the question; left out where it has none."""

    option = serializers.CharField(max_length=100, required=False, allow_null=True, default=None)


class Rejection(Answer):
    """Why not."""


class Signal(StrictSerializer):
    """`payload` is any JSON; it becomes the step's output."""

    payload = serializers.JSONField(allow_null=True, default=None)


@extend_schema(tags=["runs"], request=Approval, responses=RunRead)
class StepApprove(APIView):
    """Approve what a step of the kind `approval`, or an agent or a crew, asks."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID, name: str) -> Response:
        given = _body(Approval, request)
        run = run_or_404(request, run_id)
        by = principal_of(request).name
        return _sent(
            request, run_id, approve_step(run_id=run.id, name=name, by=by, at=now(), **given)
        )


@extend_schema(tags=["runs"], request=Rejection, responses=RunRead)
class StepReject(APIView):
    """Reject what a step of the kind `approval`, or an agent or a crew, asks."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID, name: str) -> Response:
        given = _body(Rejection, request)
        run = run_or_404(request, run_id)
        by = principal_of(request).name
        return _sent(
            request, run_id, reject_step(run_id=run.id, name=name, by=by, at=now(), **given)
        )


@extend_schema(tags=["runs"], request=Signal, responses=RunRead)
class StepSignal(APIView):
    """Send a signal to a step of the kind `wait`; it is kept until the step asks for it."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID, name: str) -> Response:
        given = _body(Signal, request)
        run = run_or_404(request, run_id)
        return _sent(request, run_id, signal_step(run_id=run.id, name=name, at=now(), **given))


def _body(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _sent(request: Request, run_id: UUID, queued: list[QueuedStep]) -> Response:
    send_steps(steps=queued, at=now())
    return Response(RunRead(run_or_404(request, run_id)).data)
