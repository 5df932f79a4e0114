"""What moves a tenant from one state to another, each behind a question."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from agentplatform.api.admin_confirm import Answer, Question, confirm, find
from agentplatform.core.clock import now
from apps.tenants.admin.audited import AuditedAdmin
from apps.tenants.contracts import Counts
from apps.tenants.models import LedgerEntry, Tenant
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.holdings import count_holdings, count_work
from apps.tenants.services.resume_tenant import resume_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tenants.states import TENANT

LEADS_TO = {"suspend": "suspended", "resume": "active", "delete_for_good": "deleted"}


class ReasonForm(forms.Form):
    """Why; the audit keeps it."""

    reason = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="For the audit; may be empty.",
    )


class TenantActions(AuditedAdmin):
    """Offered where the table of states has them; the services decide."""

    actions_detail = ("suspend", "resume", "delete_for_good")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        status = find(Tenant, pk=object_id).status
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [
            one
            for one in super().get_actions_detail(request, object_id)
            if LEADS_TO[one.action_name.removeprefix(prefix)] in TENANT.table[status]
        ]

    @action(description="Suspend", icon="pause_circle", permissions=("act",))
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = find(Tenant, pk=object_id)

        def act(answer: Answer) -> str:
            suspend_tenant(tenant_id=tenant.id, at=now(), reason=answer["reason"])
            return f"{tenant} is suspended."

        question = Question(
            title=f"Suspend {tenant}?",
            happens=(
                "New runs, calls and uploads are refused at once, and its keys stop working.",
                _cancelled(tenant),
                "Its data, people and keys are kept. It can be resumed.",
            ),
            button="Suspend",
            is_destructive=True,
        )
        return confirm(self, request, [tenant], question, act, ReasonForm)

    @action(description="Resume", icon="play_circle", permissions=("act",))
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = find(Tenant, pk=object_id)

        def act(_answer: Answer) -> str:
            resume_tenant(tenant_id=tenant.id, at=now())
            return f"{tenant} works again."

        question = Question(
            title=f"Resume {tenant}?",
            happens=(
                "New work is taken again, and its keys work again.",
                "What was cancelled stays cancelled.",
            ),
            button="Resume",
        )
        return confirm(self, request, [tenant], question, act)

    @action(
        description="Delete",
        url_path="delete-for-good",
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        permissions=("act",),
    )
    def delete_for_good(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tenant = find(Tenant, pk=object_id)

        def act(answer: Answer) -> str:
            delete_tenant(
                tenant_id=tenant.id,
                confirm_slug=answer["typed"],
                at=now(),
                reason=answer["reason"],
            )
            return f"{tenant} is deleted. Its data is purged in the background."

        question = Question(
            title=f"Delete {tenant} for good?",
            happens=(
                "There is no way back. From now on nobody of it can sign in or call, and its slug"
                " is free.",
                _cancelled(tenant),
                _purged(tenant),
                _kept(tenant),
            ),
            button="Delete for good",
            is_destructive=True,
            word=tenant.slug,
        )
        return confirm(self, request, [tenant], question, act, ReasonForm)


def _cancelled(tenant: Tenant) -> str:
    work = count_work(tenant_id=tenant.id)
    return f"What runs is cancelled: {_words(work)}." if work else "Nothing runs at the moment."


def _purged(tenant: Tenant) -> str:
    holdings = count_holdings(tenant_id=tenant.id, ended_before=None)
    if not holdings:
        return "It has no data to purge."
    return f"Purged in the background, files included: {_words(holdings)}."


def _kept(tenant: Tenant) -> str:
    entries = LedgerEntry.objects.filter(tenant=tenant).count()
    return f"Kept: its name, its accounts, the ledger ({entries:,} entries) and the audit."


def _words(counts: Counts) -> str:
    """`{"runs": 3, "api_keys": 1}` as `runs: 3, api keys: 1`."""
    return ", ".join(f"{noun.replace('_', ' ')}: {number:,}" for noun, number in counts.items())
