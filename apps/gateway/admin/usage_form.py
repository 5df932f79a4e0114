"""What staff ask of a tenant's usage."""

from datetime import timedelta
from typing import Any, cast, get_args
from uuid import UUID

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import QueryDict
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from agentplatform.core.clock import now
from apps.gateway.contracts import GroupKey, UsageQuestion
from apps.gateway.models import LlmEvent
from apps.gateway.selectors import month_so_far
from apps.tenants.facade import time_zone_of

MAX_DAYS = 400
PAGE = 100
WORDS: dict[GroupKey, str] = {
    "day": "day",
    "provider": "provider",
    "model": "model",
    "user_id": "user",
    "api_key_id": "API key",
    "run_id": "run",
}
_TENANT = LlmEvent._meta.get_field("tenant")


class _DayWidget(UnfoldAdminTextInputWidget):
    input_type = "date"


def _id_field(label: str) -> forms.UUIDField:
    return forms.UUIDField(label=label, required=False, widget=UnfoldAdminTextInputWidget)


def _text_field(label: str, length: int) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=length, widget=UnfoldAdminTextInputWidget
    )


class UsageForm(forms.Form):
    """Days are the tenant's, both included; left out, those of this month so far."""

    group_by = forms.MultipleChoiceField(
        choices=list(WORDS.items()),
        label="Summed up by",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    first = forms.DateField(label="From", required=False, widget=_DayWidget)
    last = forms.DateField(label="To", required=False, widget=_DayWidget)
    provider = _text_field("Provider", 32)
    model = _text_field("Model", 200)
    user_id = _id_field("User's id")
    api_key_id = _id_field("API key's id")
    run_id = _id_field("Run's id")

    Media = AutocompleteDropdownForm.Media

    def __init__(self, data: QueryDict | None, *, site: AdminSite) -> None:
        super().__init__(None if data is None else _readable(data))
        self.fields["tenant"] = forms.ModelChoiceField(
            queryset=cast(Any, _TENANT.related_model)._default_manager.all(),
            widget=AutocompleteSelect(_TENANT, site, attrs={"class": "unfold-filter-autocomplete"}),
        )
        self.order_fields(["tenant", "first", "last", *WORDS, "group_by"])

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if "tenant" not in found or "first" not in found or "last" not in found:
            return found
        self.time_zone = time_zone_of(found["tenant"].pk)
        first, tomorrow = month_so_far(now(), self.time_zone)
        last = found["last"] or max(tomorrow - timedelta(days=1), found["first"] or first)
        found["last"], found["first"] = last, found["first"] or min(first, last)
        if last < found["first"]:
            self.add_error("last", "This is before the first day.")
        elif (last - found["first"]).days >= MAX_DAYS:
            self.add_error("first", f"Ask for {MAX_DAYS} days at most.")
        return found

    def question(self, *, after: tuple[str, ...] = ()) -> UsageQuestion:
        """Of a valid form; the groups after the one of these keys."""
        found = self.cleaned_data
        group_by = tuple(key for key in get_args(GroupKey) if key in found["group_by"])
        return UsageQuestion(
            tenant_id=cast(UUID, found["tenant"].pk),
            time_zone=self.time_zone,
            since=found["first"],
            until=found["last"] + timedelta(days=1),
            group_by=group_by,
            only={key: found[key] for key in WORDS if found.get(key)},
            after=after if len(after) == len(group_by) else (),
            limit=PAGE,
        )


def _readable(data: QueryDict) -> QueryDict:
    """With what is summed up by; and without a tenant that is no id: Django looks for it while it
    draws the page."""
    data = data.copy()
    if not data.getlist("group_by"):
        data["group_by"] = "day"
    try:
        UUID(data.get("tenant", ""))
    except ValueError:
        data["tenant"] = ""
    return data
