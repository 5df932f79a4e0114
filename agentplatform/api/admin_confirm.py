"""A page between an action and what it does: it says what will happen, and may ask for a word."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from agentplatform.core.command import describe
from agentplatform.core.errors import PlatformError
from agentplatform.core.transactions import transaction


@dataclass(frozen=True, kw_only=True)
class Question:
    """`happens` are sentences. `word` must be typed first, for what cannot be undone; `hidden` goes
    along with the answer."""

    title: str
    happens: Sequence[str]
    button: str
    is_destructive: bool = False
    word: str = ""
    hidden: Iterable[tuple[str, str]] = ()


Answer = dict[str, Any]
Row = TypeVar("Row", bound=Model)


def find(model: type[Row], **by: Any) -> Row:
    """The row that an address names. Raises Http404, for what is no id too."""
    try:
        return get_object_or_404(model, **by)
    except ValidationError as error:
        raise Http404 from error


def confirm(
    admin: ModelAdmin,
    request: HttpRequest,
    rows: Sequence[Model],
    question: Question,
    act: Callable[[Answer], str | HttpResponse],
    form_class: type[forms.Form] = forms.Form,
) -> HttpResponse:
    """The page, or, once it is answered, what `act` of the answer leads to: a page, or a sentence
    that is shown on the page before. All of `act` happens or nothing, and what a service refuses
    is said on the page."""
    data = request.POST if "confirmed" in request.POST else None
    form = _with_word(form_class, question.word)(data)
    if form.is_valid():
        try:
            with transaction():
                result = act(form.cleaned_data)
                for row in rows:
                    admin.log_change(request, row, question.title)
        except PlatformError as error:
            form.add_error(None, describe(error))
        else:
            if isinstance(result, HttpResponse):
                return result
            messages.success(request, result)
            return redirect(_address(admin, rows))
    return _page(admin, request, rows, question, form)


def _page(
    admin: ModelAdmin,
    request: HttpRequest,
    rows: Sequence[Model],
    question: Question,
    form: forms.Form,
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": question.title,
        "question": question,
        "form": form,
        "rows": rows if len(rows) > 1 else (),
        "back": _address(admin, rows),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _address(admin: ModelAdmin, rows: Sequence[Model]) -> str:
    prefix = f"{admin.admin_site.name}:{admin.opts.app_label}_{admin.opts.model_name}"
    if len(rows) == 1:
        return reverse(f"{prefix}_change", args=[rows[0].pk])
    return reverse(f"{prefix}_changelist")


def _with_word(form_class: type[forms.Form], word: str) -> type[forms.Form]:
    if not word:
        return form_class

    class WithWord(form_class):  # type: ignore[misc,valid-type]
        typed = forms.CharField(
            label=f"Type {word} to confirm",
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        )

        def clean_typed(self) -> str:
            typed: str = self.cleaned_data["typed"]
            if typed != word:
                raise forms.ValidationError(f"This is not {word}.")
            return typed

    return WithWord
