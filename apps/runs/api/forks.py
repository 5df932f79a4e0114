"""New runs that start where an earlier one stood."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.idempotency import idempotency_key
from agentplatform.api.serializers import ObjectField, StrictSerializer
from agentplatform.core.clock import now
from apps.runs.api.runs import IDEMPOTENCY_KEY, run_or_404
from apps.runs.api.serializers import RunRead
from apps.runs.models import Run
from apps.runs.services.fork_run import fork_run, retry_run
from apps.runs.services.make_once import Maker, make_once
from apps.tenants.facade import principal_of

_NEW_RUN: dict[str, Any] = {
    "tags": ["runs"],
    "responses": {201: RunRead, 200: RunRead},
    "parameters": [IDEMPOTENCY_KEY],
}


class RunAgain(StrictSerializer):
    """The new run's budget; left out: that of the run it comes from."""

    token_budget = serializers.IntegerField(min_value=1, max_value=10**15, required=False)


class RunFork(RunAgain):
    """From which step on, with which input (left out: the run's own) and budget."""

    step = serializers.CharField(max_length=63)
    input = ObjectField(source="given", required=False)


@extend_schema(request=RunAgain, **_NEW_RUN)
class RunRetry(APIView):
    """Take the failed steps of a run, and what needs them, again: in a new run of the same version
    and input, which takes over what ended well."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID) -> Response:
        body = RunAgain(data=request.data)
        body.is_valid(raise_exception=True)
        run = run_or_404(request, run_id)
        return _made_once(request, run, "retry", body.validated_data, retry_run)


@extend_schema(request=RunFork, **_NEW_RUN)
class RunForkView(APIView):
    """Take a step of a run, and what needs it, again: in a new run of the same version, which takes
    over what came before the step."""

    required_right = "run"

    def post(self, request: Request, run_id: UUID) -> Response:
        body = RunFork(data=request.data)
        body.is_valid(raise_exception=True)
        run = run_or_404(request, run_id)
        return _made_once(request, run, "fork", body.validated_data, fork_run)


def _made_once(
    request: Request, run: Run, what: str, given: dict[str, Any], make: Maker
) -> Response:
    who = principal_of(request)
    made, is_new = make_once(
        partial(
            make,
            run=run,
            created_by=who.user_id,
            api_key_id=who.api_key_id,
            at=now(),
            **given,
        ),
        tenant_id=run.tenant_id,
        key=idempotency_key(request),
        request=[what, str(run.id), given],
    )
    return Response(RunRead(run_or_404(request, made.id)).data, status=201 if is_new else 200)
