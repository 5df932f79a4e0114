"""What a service refuses is a form error, never an error page."""

from typing import Any, cast

from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from agentplatform.core.errors import Conflict, PlatformError

Form = type["ModelForm[Any]"]


class ServiceAdmin(ModelAdmin):
    """An admin whose writes are services. One that refuses undoes the whole request, and the page
    comes again with what it said, beside the fields it named."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return self._page(request, object_id, form_url, extra_context)
        except (PlatformError, IntegrityError) as error:
            if request.method != "POST":
                raise
            cast(Any, request).refusal = as_refusal(error)
            return self._page(request, object_id, form_url, extra_context)

    def _page(self, *arguments: Any) -> HttpResponse:
        page: HttpResponse = super().changeform_view(*arguments)
        return page

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Form:
        form = super().get_form(request, obj, change, **options)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else refused(form, refusal)

    def has_act_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        """Who may change rows of a kind may take the actions on it, where no form may change it."""
        name = f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}"
        return bool(request.user.has_perm(name))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            options["widget"] = Search(db_field, self.admin_site, using=options.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **options)


class Search(AutocompleteSelect):
    """Django's, which does not fail on showing again what is no id."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        try:
            return super().optgroups(name, value, attr)
        except ValidationError:
            return super().optgroups(name, [], attr)


def as_refusal(error: PlatformError | IntegrityError) -> PlatformError:
    """A row that somebody else wrote between the look and the save is a conflict."""
    if isinstance(error, PlatformError):
        return error
    return Conflict("Somebody else changed this at the same time. Look again, then repeat it.")


def refused(form: Form, refusal: PlatformError) -> Form:
    """`form`, which is never valid and says why."""

    class Refused(form):  # type: ignore[misc,valid-type]
        def clean(self) -> dict[str, Any]:
            cleaned: dict[str, Any] = super().clean() or {}
            self.add_error(None, refusal.detail)
            for name, why in refusal.errors.items():
                field = name if name in self.fields else name.removesuffix("_id")
                self.add_error(field if field in self.fields else None, why)
            return cleaned

    return Refused
