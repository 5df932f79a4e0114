"""Dead letters in the admin: look, replay, discard."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from agentplatform.api.admin_confirm import Answer, Question, confirm, find
from agentplatform.core.admin import ReadOnly
from agentplatform.core.clock import now
from agentplatform.dead_letters.models import OPEN, DeadLetter
from apps.runs.services.discard_letter import discard_letter
from apps.runs.services.replay_letter import replay_letter

COLORS = {"open": "danger", "replayed": "success", "discarded": "info"}


class StatusFilter(admin.SimpleListFilter):
    """Whether somebody has decided about it."""

    title = "status"
    parameter_name = "status"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in COLORS]

    def queryset(
        self, _request: HttpRequest, letters: QuerySet[DeadLetter]
    ) -> QuerySet[DeadLetter]:
        match self.value():
            case "open":
                return letters.filter(OPEN)
            case "replayed" | "discarded" as ended:
                return letters.filter(**{f"{ended}_at__isnull": False})
        return letters


class ReplayForm(forms.Form):
    """What to change in the message."""

    changes = forms.JSONField(
        required=False,
        label="Keywords to change or add",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text='A JSON object such as {"turn": 0}; may be empty.',
    )

    def clean_changes(self) -> dict[str, Any]:
        changes = self.cleaned_data["changes"] or {}
        if not isinstance(changes, dict):
            raise forms.ValidationError("Write a JSON object.")
        return changes


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "status_in_color", "kind", "reason", "task", "tenant", "run_id")
    list_display_links = ("created_at",)
    list_filter = (StatusFilter, "kind", "reason", ("created_at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("=id", "=run_id", "=step_id", "=call_id", "=message_id", "task")
    actions_detail = ("replay", "discard")
    fieldsets = (
        (None, {"fields": ("status_in_color", "kind", "reason", "detail", "created_at")}),
        ("What it was", {"fields": ("task", "shown_payload", "message_id")}),
        ("Where it belongs", {"fields": ("tenant", "run_id", "step_id", "call_id")}),
        ("What became of it", {"fields": ("replayed_at", "discarded_at", "resolved_by")}),
    )
    readonly_fields = ("status_in_color", "shown_payload")

    @display(description="Status", label=COLORS)
    def status_in_color(self, letter: DeadLetter) -> str:
        return letter.status

    @admin.display(description="Payload")
    def shown_payload(self, letter: DeadLetter) -> str:
        return json.dumps(letter.payload, indent=2, ensure_ascii=False)

    def has_act_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return bool(request.user.has_perm("dead_letters.change_deadletter"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        if find(DeadLetter, pk=object_id).status != "open":
            return []
        return super().get_actions_detail(request, object_id)

    @action(description="Replay", icon="replay", permissions=("act",))
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        letter = find(DeadLetter, pk=object_id)

        def act(answer: Answer) -> str:
            replay_letter(letter_id=letter.id, changes=answer["changes"], at=now())
            return "Its message is sent again."

        question = Question(
            title="Replay this dead letter?",
            happens=("Its message is sent again; a row decides whether that does anything.",),
            button="Replay",
        )
        return confirm(self, request, [letter], question, act, ReplayForm)

    @action(
        description="Discard", icon="delete", variant=ActionVariant.DANGER, permissions=("act",)
    )
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        letter = find(DeadLetter, pk=object_id)

        def act(_answer: Answer) -> str:
            discard_letter(letter_id=letter.id, at=now())
            return "It is discarded."

        question = Question(
            title="Discard this dead letter?",
            happens=("It is kept to look at, and cannot be replayed any more.",),
            button="Discard",
            is_destructive=True,
        )
        return confirm(self, request, [letter], question, act)
