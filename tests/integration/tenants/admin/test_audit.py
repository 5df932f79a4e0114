"""The audit in the admin."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from agentplatform.core.actor import Actor, acting
from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from apps.tenants.models import AuditEntry
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.export_audit import BATCH
from apps.tenants.services.record_change import record_change

pytestmark = pytest.mark.django_db


def record(tenant=None, at=None, actor="system", action="budget.changed", **values):
    with acting(Actor(kind=actor, id="7", name=f"a {actor}", address="::1")), transaction():
        record_change(
            tenant_id=tenant and tenant.id,
            action=action,
            target=("tenant", tenant.id if tenant else "-"),
            at=at or now(),
            **values,
        )
    return AuditEntry.objects.latest("id")


def actions(page):
    return re.findall(r"field-action[^>]*>\s*<a[^>]*>([\w.]+)", page)


def text_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_what_changed_is_shown_before_and_after(see, tenant):
    entry = record(
        tenant,
        before={"name": "Old", "limit": 5, "gone": [1]},
        after={"name": "<b>New</b>", "limit": None, "new": {"a": "ü"}},
    )
    page = see("auditentry_change", entry.id)
    assert "<b>New</b>" not in page
    shown = text_of(page)
    for row in ("name Old <b>New</b>", "limit 5 null", "gone [ 1 ] -", 'new - { "a": "ü" }'):
        assert row in shown
    assert "a system" in shown
    assert "::1" in shown


def test_entries_are_found_by_tenant_action_actor_and_day(see, tenant):
    other = create_tenant(name="Other", at=now())
    record(tenant, action="one.made", at=now() - timedelta(days=40))
    record(tenant, action="two.made", actor="command")
    record(other, action="three.made")
    today = f"{now():%Y-%m-%d}"
    for query, found in (
        ({"at_from": today, "at_to": today, "action": "two.made"}, ["two.made"]),
        ({"at_to": "9999-12-31", "at_from": "yesterday", "action": "two.made"}, ["two.made"]),
        ({"tenant__id__exact": other.id}, ["three.made", "tenant.created"]),
        ({"action": "one.made"}, ["one.made"]),
        ({"actor_kind__exact": "command"}, ["two.made"]),
        ({"at_to": f"{now() - timedelta(days=30):%Y-%m-%d}"}, ["one.made"]),
        ({"q": "a command"}, ["two.made"]),
        ({"q": str(other.id)}, ["three.made", "tenant.created"]),
    ):
        assert actions(see("auditentry_changelist", **query)) == found


def test_the_audit_is_read_only(send, see, tenant):
    entry = record(tenant, after={"a": 1})
    assert send("auditentry_add").status_code == 403
    assert send("auditentry_change", entry.id, action="x").status_code == 403
    assert send("auditentry_delete", entry.id, post="yes").status_code == 403
    assert "delete_selected" not in see("auditentry_changelist")


def test_a_change_of_the_platform_has_no_tenant(see):
    entry = record(None, action="platform.changed", after={"a": 1})
    assert "platform.changed" in see("auditentry_change", entry.id)
    assert "platform.changed" in see("auditentry_changelist")


def lines(answer):
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_the_export_is_of_what_the_list_shows(staff, see, tenant):
    other = create_tenant(name="Other", at=now())
    entry = record(other, after={"a": "é"})
    page = see("auditentry_changelist", tenant__id__exact=other.id, q=str(other.id))
    (address,) = re.findall(r'href="([^"]*/export/[^"]*)"', page)
    made, changed = lines(staff.get(html.unescape(address)))
    assert (made["action"], changed["id"]) == ("tenant.created", entry.id)
    assert {made["tenant_id"], changed["tenant_id"]} == {str(other.id)}
    assert changed["after"] == {"a": "é"}


def test_the_export_of_everything_is_whole_and_in_order(staff, tenant):
    for number in range(BATCH + 3):
        record(None, after={"n": number})
    answer = staff.get(reverse("admin:tenants_auditentry_export"))
    assert answer["Content-Type"] == "application/x-ndjson"
    ids = [line["id"] for line in lines(answer)]
    assert ids == list(AuditEntry.objects.order_by("id").values_list("id", flat=True))


def test_a_filter_that_does_not_exist_exports_nothing(staff):
    page = reverse("admin:tenants_auditentry_export")
    assert staff.get(page, {"nonsense": "1"}).status_code == 302
    assert staff.get(page, {"tenant__id__exact": "x"}).status_code == 302


def test_nobody_but_staff_gets_the_export(client, tenant):
    assert client.get(reverse("admin:tenants_auditentry_export")).status_code == 302
