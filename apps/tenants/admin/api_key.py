"""API keys: made, rotated and revoked, never changed."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from agentplatform.api.admin_confirm import Answer, Question, confirm, find
from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.clock import now
from apps.tenants.admin.api_key_form import HOUR, ApiKeyForm, RotationForm
from apps.tenants.admin.api_key_state import COLORS, State, StateFilter, state_of
from apps.tenants.admin.shown_once import show_once
from apps.tenants.contracts import NewApiKey
from apps.tenants.models import ApiKey
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.services.rotate_api_key import rotate_api_key

REVOKED = "From now on it is refused everywhere, within seconds. This cannot be undone."


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceAdmin):
    form = ApiKeyForm
    list_display = (
        "prefix", "name", "tenant", "scopes_in_words", "user", "state", "last_used_at",
        "expires_at",
    )  # fmt: skip
    list_filter = (StateFilter, "tenant")
    list_select_related = ("tenant", "user")
    search_fields = ("prefix", "name", "=id", "user__email")
    autocomplete_fields = ("tenant", "user")
    actions = ("revoke_selected",)
    actions_detail = ("rotate", "revoke")
    add_fieldsets = ((None, {"fields": ("tenant", "name", "scopes", "user", "expires_at")}),)
    fieldsets = (
        (None, {"fields": ("tenant", "name", "prefix", "state", "scopes_in_words", "user")}),
        (
            "Dates",
            {"fields": ("created_at", "last_used_at", "expires_at", "rotated_at", "revoked_at")},
        ),
    )

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("state", "scopes_in_words") if obj else ()

    @display(description="State", label=COLORS)
    def state(self, key: ApiKey) -> State:
        return state_of(key, at=now())

    @admin.display(description="Scopes")
    def scopes_in_words(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One way to save: it leads to the page that shows the key."""
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        page: HttpResponse = super().add_view(
            request, form_url, {**(extra_context or {}), **only_save}
        )
        return page

    def save_model(self, request: HttpRequest, obj: Model, _form: Any, _change: bool) -> None:
        key = cast(ApiKey, obj)
        new = create_api_key(
            tenant_id=key.tenant_id,
            name=key.name,
            at=now(),
            scopes=key.scopes,
            user_id=key.user_id,
            expires_at=key.expires_at,
        )
        key.pk = new.api_key_id
        cast(Any, request).new_key = new

    def response_add(
        self, request: HttpRequest, obj: Model, _post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show(request, cast(ApiKey, obj), cast(Any, request).new_key)

    @action(description="Rotate", icon="autorenew", permissions=("act",))
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = find(ApiKey, pk=object_id)

        def act(answer: Answer) -> HttpResponse:
            new = rotate_api_key(
                tenant_id=key.tenant_id,
                api_key_id=key.id,
                overlap_seconds=answer["overlap_hours"] * HOUR,
                at=now(),
            )
            return self._show(request, ApiKey.objects.get(pk=new.api_key_id), new)

        question = Question(
            title=f"Rotate the key {key}?",
            happens=(
                "A new key of the same name, scopes and user is made and shown once, to you.",
                "The old one works on beside it for the hours below, never longer than it would"
                " have.",
            ),
            button="Rotate",
        )
        return confirm(self, request, [key], question, act, RotationForm)

    @action(description="Revoke", icon="block", variant=ActionVariant.DANGER, permissions=("act",))
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = find(ApiKey, pk=object_id)
        question = Question(
            title=f"Revoke the key {key}?",
            happens=(REVOKED,),
            button="Revoke",
            is_destructive=True,
        )
        return confirm(self, request, [key], question, lambda _: _revoke([key]))

    @admin.action(description="Revoke the selected keys", permissions=("act",))
    def revoke_selected(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> HttpResponse:
        chosen = list(keys)
        question = Question(
            title=f"Revoke {len(chosen)} keys?",
            happens=(REVOKED.replace("it is", "they are"),),
            button="Revoke",
            is_destructive=True,
            hidden=[
                ("action", "revoke_selected"),
                *((ACTION_CHECKBOX_NAME, str(key.pk)) for key in chosen),
            ],
        )
        return confirm(self, request, chosen, question, lambda _: _revoke(chosen))

    def _show(self, request: HttpRequest, key: ApiKey, new: NewApiKey) -> HttpResponse:
        title, label = f"The key {key.name} works", f"The key {key.name} of {key.tenant}"
        return show_once(self, request, key, title=title, label=label, secret=new.secret)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A key never changes: it is revoked and another one made. Actions need the list."""
        return obj is None and bool(super().has_change_permission(request))

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


def _revoke(keys: Sequence[ApiKey]) -> str:
    for key in keys:
        revoke_api_key(tenant_id=key.tenant_id, api_key_id=key.id, at=now())
    return f"Revoked: {', '.join(map(str, keys))}."
