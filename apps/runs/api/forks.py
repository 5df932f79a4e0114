"""New runs that start where an earlier one stood."""

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
from apps.runs.services.fork_run import fork_run, retry_run
from apps.tenants.facade import principal_of


class RunFork(StrictSerializer):
    """From which step on, with which input (left out: the run's own) and budget."""

    step = serializers.CharField(max_length=63)
    input = serializers.DictField(source="given", required=False)
    token_budget = serializers.IntegerField(min_value=1, max_value=10**15, required=False)


class Nothing(StrictSerializer):
    """An empty body."""


@extend_schema(tags=["runs"], request=Nothing, responses={201: RunRead})
class RunRetry(APIView):
    """Take the failed steps of a run, and what needs them, again: in a new run of the same version
    and input, which takes over what ended well."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID) -> Response:
        Nothing(data=request.data).is_valid(raise_exception=True)
        run = run_or_404(request, run_id)
        retried = retry_run(run=run, created_by=principal_of(request).user_id, at=now())
        return Response(RunRead(run_or_404(request, retried.id)).data, status=201)


@extend_schema(tags=["runs"], request=RunFork, responses={201: RunRead})
class RunForkView(APIView):
    """Take a step of a run, and what needs it, again: in a new run of the same version, which takes
    over what came before the step."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID) -> Response:
        body = RunFork(data=request.data)
        body.is_valid(raise_exception=True)
        run = run_or_404(request, run_id)
        who = principal_of(request).user_id
        forked = fork_run(run=run, created_by=who, at=now(), **body.validated_data)
        return Response(RunRead(run_or_404(request, forked.id)).data, status=201)
