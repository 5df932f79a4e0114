"""Users of tenants, and the platform's staff."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from agentplatform.api.admin_confirm import Answer, Question, confirm, find
from agentplatform.api.admin_refusal import Form, ServiceAdmin
from agentplatform.core.clock import now
from apps.tenants.admin.shown_once import show_once
from apps.tenants.admin.user_form import NewUserForm
from apps.tenants.models import User
from apps.tenants.services.change_staff import change_staff
from apps.tenants.services.change_user import change_user
from apps.tenants.services.create_user import create_staff, create_user
from apps.tenants.services.set_staff_password import new_password, set_staff_password


@admin.register(User)
class UserAdmin(ServiceAdmin):
    list_display = ("email", "tenant", "position", "is_active", "last_login", "created_at")
    list_filter = ("role", "is_active", "is_staff", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("email", "=id", "=cognito_subject")
    autocomplete_fields = ("tenant",)
    add_fieldsets = ((None, {"fields": ("email", "tenant", "role", "is_staff")}),)
    actions_detail = ("reset_password",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Form:
        chosen = {} if obj else {"form": NewUserForm}
        return super().get_form(request, obj, change, **chosen, **options)

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("email", "tenant", "position", "id", "cognito_subject", "last_login", "created_at")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        may = ("position", "is_active") if obj.is_staff else ("role", "is_active")
        return (
            (None, {"fields": ("email", "tenant", *may)}),
            ("Identity", {"fields": ("id", "cognito_subject", "last_login", "created_at")}),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        is_staff = find(User, pk=object_id).is_staff
        return super().get_actions_detail(request, object_id) if is_staff else []

    @display(description="Role", ordering="role", label={"staff": "info", "admin": "success"})
    def position(self, user: User) -> str:
        return "staff" if user.is_staff else user.role

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        user = cast(User, obj)
        if not change:
            self._create(request, user)
        elif user.tenant_id is None:
            change_staff(user_id=user.id, is_active=user.is_active, at=now())
        else:
            change_user(
                tenant_id=user.tenant_id,
                user_id=user.id,
                role=form.cleaned_data["role"],
                is_active=user.is_active,
                at=now(),
            )

    def _create(self, request: HttpRequest, user: User) -> None:
        if user.tenant_id is not None:
            role = cast(Any, user.role)
            made = create_user(tenant_id=user.tenant_id, email=user.email, role=role, at=now())
        else:
            password = new_password()
            made = create_staff(email=user.email, password=password, at=now())
            cast(Any, request).password = password
        user.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: Model, post_url_continue: str | None = None
    ) -> HttpResponse:
        password = getattr(request, "password", "")
        if password:
            return self._show(request, cast(User, obj), password)
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        return response

    @action(description="Reset the password", icon="lock_reset", permissions=("act",))
    def reset_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = find(User, pk=object_id, is_staff=True)

        def act(_answer: Answer) -> HttpResponse:
            password = new_password()
            set_staff_password(user_id=user.id, password=password, at=now())
            return self._show(request, user, password)

        question = Question(
            title=f"Reset the password of {user.email}?",
            happens=(
                "The present password stops working, and every session of theirs ends.",
                "A new one is made by the server and shown once, to you.",
            ),
            button="Reset the password",
            is_destructive=True,
        )
        return confirm(self, request, [user], question, act)

    def _show(self, request: HttpRequest, user: User, password: str) -> HttpResponse:
        return show_once(
            self,
            request,
            user,
            title=f"{user.email} may sign in",
            label="The password",
            secret=password,
        )

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """Who left is deactivated; what they started keeps their name."""
        return False
