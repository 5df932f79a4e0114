"""A page of what a tenant's model calls used."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from agentplatform.core.money import short_usd
from apps.gateway.admin.usage_form import WORDS, UsageForm
from apps.gateway.contracts import UsageQuestion, Usages, UsageSums
from apps.gateway.selectors import sum_usage
from apps.tenants.facade import spender_names

COLUMNS = (
    "attempts", "prompt tokens", "cached", "cache written", "completion tokens", "reasoning", "USD",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row of the table. `keys` are texts and where they lead, `note` what is uncertain."""

    keys: list[tuple[str, str]]
    numbers: list[str]
    note: str


def show_usage(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """The form, and below it the answer. Needs the platform's scope."""
    form = UsageForm(request.GET if "tenant" in request.GET else None, site=admin.admin_site)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Usage",
        "form": form,
        "media": form.media,
    }
    if form.is_bound and form.is_valid():
        question = form.question(after=tuple(request.GET.getlist("after")))
        context |= _answer(request, question, sum_usage(question))
    return TemplateResponse(request, "admin/gateway/usage.html", context)


def _answer(request: HttpRequest, question: UsageQuestion, found: Usages) -> dict[str, Any]:
    names = _names(found)
    return {
        "heads": [WORDS[key] for key in question.group_by],
        "columns": COLUMNS,
        "lines": [_line(one, names) for one in found.groups],
        "total": _line(found.total, names),
        "question": question,
        "next": _next(request, found) if found.has_more else "",
    }


def _names(found: Usages) -> dict[str, str]:
    ids = {
        key: {UUID(text) for one in found.groups if (text := one.key.get(key))}
        for key in ("user_id", "api_key_id")
    }
    names = spender_names(user_ids=ids["user_id"], api_key_ids=ids["api_key_id"])
    return {str(id_): name for id_, name in names.items()}


def _line(sums: UsageSums, names: dict[str, str]) -> Line:
    tokens = (
        sums.prompt_tokens,
        sums.cached_tokens,
        sums.cache_write_tokens,
        sums.completion_tokens,
        sums.reasoning_tokens,
    )
    unpriced = sums.attempts_without_price
    is_known = unpriced < sums.attempts or not sums.attempts
    usd = short_usd(sums.known_cost_nanos) if is_known else "not known"
    notes = [
        f"{unpriced:,} without a price" if unpriced else "",
        f"{sums.attempts_unconfirmed:,} unconfirmed" if sums.attempts_unconfirmed else "",
    ]
    return Line(
        keys=[_key(key, text, names) for key, text in sums.key.items()],
        numbers=[f"{sums.attempts:,}", *map("{:,}".format, tokens), usd],
        note=", ".join(note for note in notes if note),
    )


def _key(key: str, text: str | None, names: dict[str, str]) -> tuple[str, str]:
    if not text:
        return "-", ""
    if key == "run_id":
        return text, f"{reverse('admin:gateway_llmcall_changelist')}?q={text}"
    return names.get(text, text), ""


def _next(request: HttpRequest, found: Usages) -> str:
    query = request.GET.copy()
    query.setlist("after", [text or "" for text in found.groups[-1].key.values()])
    return f"?{query.urlencode()}"
