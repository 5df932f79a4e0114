"""The page that shows a secret the one time that it can be shown."""

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin


def show_once(
    admin: ModelAdmin, request: HttpRequest, row: Model, *, title: str, label: str, secret: str
) -> HttpResponse:
    """Answers the request that made `secret`, so that it is kept nowhere: in no message, no session
    and no cache."""
    prefix = f"{admin.admin_site.name}:{admin.opts.app_label}_{admin.opts.model_name}"
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "label": label,
        "secret": secret,
        "onward": reverse(f"{prefix}_change", args=[row.pk]),
    }
    return TemplateResponse(request, "admin/tenants/shown_once.html", context)
