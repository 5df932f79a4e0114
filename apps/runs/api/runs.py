"""Runs over HTTP."""

from collections import Counter
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError
from rest_framework.views import APIView

from agentplatform.api.idempotency import idempotency_key
from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from agentplatform.core.money import format_usd
from agentplatform.telemetry.trace import current_trace_id
from apps.gateway import facade as gateway
from apps.runs.api.event_stream import EVENT_STREAM, EventStreamRenderer, stream_events
from apps.runs.api.run_filter import RunFilter, filter_runs
from apps.runs.api.serializers import (
    EventPage,
    RunArtifact,
    RunMetrics,
    RunRead,
    RunWrite,
    StepRead,
)
from apps.runs.api.step_filter import StepFilter, filter_steps
from apps.runs.api.tasks import newest_version_or_404
from apps.runs.models import Run, Step
from apps.runs.selectors import events_after, find_run, steps_to_show
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.states import RUN
from apps.tenants.facade import principal_of
from apps.tools import facade as tools

EVENTS_PER_PAGE = 500

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Repeat the request with the same key to get the same run; 409 for another body.",
)


def run_or_404(request: Request, run_id: UUID) -> Run:
    """The requester's run. Raises NotFound for a missing one and another tenant's alike."""
    run = find_run(tenant_id=principal_of(request).tenant_id, run_id=run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id}.")
    return run


@extend_schema(tags=["runs"])
class RunList(PagedView):
    """POST starts a run; GET lists runs, newest first."""

    required_right = "run"
    required_right_to_read = "read"

    @extend_schema(parameters=[RunFilter], responses=RunRead(many=True), operation_id="runs_list")
    def get(self, request: Request) -> Response:
        runs = Run.objects.filter(tenant_id=principal_of(request).tenant_id)
        runs = filter_runs(runs, request.query_params)
        return self.answer_page(request, runs.select_related("task_version"), RunRead)

    @extend_schema(
        request=RunWrite, responses={201: RunRead, 200: RunRead}, parameters=[IDEMPOTENCY_KEY]
    )
    def post(self, request: Request) -> Response:
        body = RunWrite(data=request.data)
        body.is_valid(raise_exception=True)
        run, is_new = create_run(
            version=newest_version_or_404(request, body.validated_data["task_id"]),
            given=body.validated_data["input"],
            token_budget=body.validated_data.get("token_budget"),
            priority=body.validated_data["priority"],
            created_by=principal_of(request).user_id,
            api_key_id=principal_of(request).api_key_id,
            idempotency_key=idempotency_key(request),
            trace_id=current_trace_id() or "",
            at=now(),
        )
        return Response(RunRead(run).data, status=201 if is_new else 200)


@extend_schema(tags=["runs"])
class RunDetail(APIView):
    """One run; DELETE cancels it."""

    required_right = "run"
    required_right_to_read = "read"

    @extend_schema(responses=RunRead)
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(RunRead(run_or_404(request, run_id)).data)

    @extend_schema(responses={200: RunRead})
    def delete(self, request: Request, run_id: UUID) -> Response:
        cancel_run(run_id=run_or_404(request, run_id).id, at=now())
        return Response(RunRead(run_or_404(request, run_id)).data)


@extend_schema(tags=["runs"], parameters=[StepFilter], responses=StepRead(many=True))
class RunSteps(APIView):
    """The steps of a run, in the order of its spec."""

    required_right_to_read = "read"

    def get(self, request: Request, run_id: UUID) -> Response:
        steps = steps_to_show(run_or_404(request, run_id))
        return Response(StepRead(filter_steps(steps, request.query_params), many=True).data)


@extend_schema(tags=["runs"], responses=RunMetrics)
class RunMetricsView(APIView):
    """Cost and token summary of a run."""

    required_right_to_read = "read"

    def get(self, request: Request, run_id: UUID) -> Response:
        run = run_or_404(request, run_id)
        usage = gateway.usage_of_run(tenant_id=run.tenant_id, run_id=run.id)
        statuses = Step.objects.filter(run_id=run.id).values_list("status", flat=True)
        return Response(
            RunMetrics(
                {
                    "run_id": run.id,
                    "status": run.status,
                    "duration_ms": _duration_ms(run),
                    "token_budget": run.token_budget,
                    "tokens_used": run.tokens_used,
                    "cost_usd": format_usd(run.cost_nanos),
                    "steps_by_status": dict(Counter(statuses)),
                    "models": [
                        {
                            "provider": use.provider,
                            "model": use.model,
                            "attempts": use.attempts,
                            "prompt_tokens": use.prompt_tokens,
                            "completion_tokens": use.completion_tokens,
                            "cost_usd": format_usd(use.cost_nanos),
                        }
                        for use in usage.models
                    ],
                }
            ).data
        )


def _duration_ms(run: Run) -> int | None:
    if run.started_at is None:
        return None
    return int(((run.completed_at or now()) - run.started_at).total_seconds() * 1000)


@extend_schema(tags=["runs"], responses=RunArtifact(many=True))
class RunArtifacts(APIView):
    """The files that the steps of a run left, oldest first."""

    required_right_to_read = "read"

    def get(self, request: Request, run_id: UUID) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        run = run_or_404(request, run_id)
        found = tools.artifacts_of_run(tenant_id=run.tenant_id, run_id=run.id)
        return Response(RunArtifact(found, many=True).data)


class RunEvents(APIView):
    """The timeline of a run, in pages: pass the last `seq` as `after`. With the header
    `Accept: text/event-stream` as server-sent events, as they come, until the run is over: each has
    its seq as id, so that a client goes on with Last-Event-ID. Between them, without an id, comes
    the text of streamed steps while their models write it: `completion.delta` with step, item,
    call_id, offset and text; an offset of 0 begins the call's text anew."""

    required_right_to_read = "read"
    renderer_classes = (JSONRenderer, EventStreamRenderer)

    @extend_schema(
        tags=["runs"],
        parameters=[
            OpenApiParameter("after", int, description="Events past this seq; default 0."),
            OpenApiParameter(
                "Last-Event-ID", str, OpenApiParameter.HEADER, description="The same, of a stream."
            ),
        ],
        responses={
            (200, "application/json"): EventPage,
            (200, EVENT_STREAM): OpenApiResponse(OpenApiTypes.STR),
        },
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        run = run_or_404(request, run_id)
        if request.accepted_renderer.media_type == EVENT_STREAM:
            last = request.headers.get("Last-Event-ID") or request.query_params.get("after", "0")
            return stream_events(request, run, after=_seq("Last-Event-ID", last))
        after = _seq("after", request.query_params.get("after", "0"))
        events = events_after(run_id=run.id, seq=after, limit=EVENTS_PER_PAGE)
        newest = events[-1].seq if events else after
        is_finished = run.status in RUN.terminal and newest >= run.event_seq
        return Response(EventPage({"results": events, "is_finished": is_finished}).data)


def _seq(name: str, text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or len(text) > 18:
        raise ValidationError({name: ["Send the seq of an event: a number from 0."]})
    return int(text)
