"""What GET /runs/{id}/steps can be narrowed to."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from agentplatform.api.serializers import StrictQuery
from apps.runs.models import Step
from apps.runs.states import STEP


class StepFilter(StrictQuery):
    """Every filter that is given must hold. A map may have thousands of items."""

    name = serializers.CharField(
        required=False, max_length=63, help_text="This step, and its items if it is a map."
    )
    status = serializers.MultipleChoiceField(
        choices=STEP.states, required=False, help_text="One of these: repeat it for several."
    )
    with_items = serializers.BooleanField(
        required=False, allow_null=True, default=None,
        help_text="false: without the items of maps.",
    )  # fmt: skip


def filter_steps(steps: QuerySet[Step], query: QueryDict) -> QuerySet[Step]:
    """Those of `steps` that the query asks for. Raises ValidationError by parameter."""
    wanted = StepFilter(data=query)
    wanted.is_valid(raise_exception=True)
    given: dict[str, Any] = wanted.validated_data
    if name := given.get("name"):
        steps = steps.filter(name=name)
    if statuses := given.get("status"):
        steps = steps.filter(status__in=statuses)
    return steps.filter(item_index=-1) if given["with_items"] is False else steps
