"""What GET /runs can be narrowed to."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from agentplatform.api.serializers import StrictQuery
from apps.runs.models import Run
from apps.runs.states import RUN

_FIELDS = {
    "status": "status__in",
    "task_id": "task_version__task_id",
    "task_version": "task_version__number",
    "created_after": "created_at__gte",
    "created_before": "created_at__lt",
    "parent_run_id": "parent_run_id",
    "forked_from_id": "forked_from_id",
    "created_by_id": "created_by_id",
}


class RunFilter(StrictQuery):
    """Every filter that is given must hold."""

    status = serializers.MultipleChoiceField(
        choices=RUN.states, required=False, help_text="One of these: repeat it for several."
    )
    task_id = serializers.UUIDField(required=False)
    task_version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="Of the task in `task_id`."
    )
    created_after = serializers.DateTimeField(required=False, help_text="From this time.")
    created_before = serializers.DateTimeField(required=False, help_text="Before this time.")
    parent_run_id = serializers.UUIDField(required=False, help_text="Started by this run's steps.")
    forked_from_id = serializers.UUIDField(
        required=False, help_text="Retried or forked from this run."
    )
    created_by_id = serializers.UUIDField(required=False, help_text="Started by this user.")
    is_root = serializers.BooleanField(
        required=False, allow_null=True, default=None,
        help_text="true: started by somebody; false: started by another run.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "task_version" in attrs and "task_id" not in attrs:
            raise serializers.ValidationError({"task_version": ["Send task_id too."]})
        return attrs


def filter_runs(runs: QuerySet[Run], query: QueryDict) -> QuerySet[Run]:
    """Those of `runs` that the query asks for. Raises ValidationError by parameter."""
    wanted = RunFilter(data=query)
    wanted.is_valid(raise_exception=True)
    given: dict[str, Any] = dict(wanted.validated_data)
    is_root = given.pop("is_root")
    if not given.get("status"):  # a query without it reads as no choice at all
        given.pop("status", None)
    if is_root is not None:
        runs = runs.filter(parent_run_id__isnull=is_root)
    return runs.filter(**{_FIELDS[name]: value for name, value in given.items()})
