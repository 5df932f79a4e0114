"""The admin of tenants: who they are, what they may spend and spent, and who changed what."""

from django.contrib import admin
from django.contrib.auth.models import Group

from apps.tenants.admin import (  # noqa: F401  registers
    alert,
    api_key,
    audit_entry,
    budget,
    money,
    rate_limit,
    tenant,
    user,
)
from apps.tenants.admin.own_password import OwnPasswordForm

admin.site.unregister(Group)
admin.site.own_password_form = OwnPasswordForm  # type: ignore[attr-defined]
