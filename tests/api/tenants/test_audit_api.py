"""/api/v1/audit and its export"""

import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connections
from django.test import AsyncClient

from agentplatform.core.clock import now
from agentplatform.core.tenancy import NOBODY, current_scope, no_scope
from apps.tenants.contracts import AuditFilter
from apps.tenants.models import AuditEntry
from apps.tenants.services.export_audit import BATCH, export_audit

URL = "/api/v1/audit"


def listed(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def exported(client, **query):
    answer = client.get(f"{URL}/export", query, headers={"Accept": "application/x-ndjson"})
    assert answer["Content-Type"] == "application/x-ndjson"
    with no_scope():
        text = b"".join(answer.streaming_content).decode()
    return [json.loads(line) for line in text.splitlines()]


def test_the_newest_change_comes_first(house, admin):
    house.user()
    admin.patch("/api/v1/tenant", {"name": "New"})
    newest = listed(admin)[0]
    assert (newest["action"], newest["target_id"]) == ("tenant.changed", str(house.tenant.id))
    assert (newest["before"], newest["after"]) == (
        {"name": house.tenant.name},
        {"name": "New"},
    )
    assert (newest["actor_kind"], newest["tenant_id"]) == ("api_key", str(house.tenant.id))


def test_a_tenant_sees_its_own_changes_only(admin, other):
    other.user()
    for entry in (*listed(admin), *exported(admin)):
        assert entry["tenant_id"] != str(other.tenant.id)


def test_changes_are_found_by_what_by_whom_on_what_and_when(house, admin):
    before = now()
    user = str(house.user())
    admin.patch("/api/v1/tenant", {"name": "New"})
    after = now()

    def actions(**query):
        shown = [entry["action"] for entry in listed(admin, **query)]
        assert shown == [entry["action"] for entry in reversed(exported(admin, **query))]
        return shown

    assert actions(action="tenant.changed") == ["tenant.changed"]
    assert actions(target_id=user) == ["user.created"]
    assert actions(actor_id=str(admin.key.api_key_id)) == ["tenant.changed"]
    assert actions(since=before.isoformat()) == ["tenant.changed", "user.created"]
    assert actions(since=after.isoformat()) == []
    assert "tenant.changed" not in actions(until=before.isoformat())
    assert actions(action="tenant.changed", target_id=user) == []


def test_pages_go_back_to_the_first_change(house, admin):
    for _ in range(5):
        house.user()
    address, ids = f"{URL}?page_size=3", []
    while address:
        page = admin.get(address).json()
        assert len(page["results"]) <= 3
        ids += [entry["id"] for entry in page["results"]]
        address = page["next"]
    assert ids == [entry["id"] for entry in reversed(exported(admin))]


def test_an_export_line_is_a_list_entry(admin):
    assert list(reversed(exported(admin))) == listed(admin)


def test_an_export_is_read_in_batches_with_nothing_open_in_between(house, admin):
    for _ in range(4):
        house.user()
    with no_scope():
        batches = export_audit(tenant_id=house.tenant.id, wanted=AuditFilter(), batch=2)
        sizes = []
        for lines in batches:
            sizes.append(lines.count(b"\n"))
            assert current_scope() == NOBODY
            assert not any(one.in_atomic_block for one in connections.all(initialized_only=True))
    assert sizes == [2] * (sum(sizes) // 2) + [1] * (sum(sizes) % 2)
    assert len(sizes) > 2


def test_an_asynchronous_server_sends_batch_by_batch(house, admin):
    AuditEntry.objects.bulk_create(
        AuditEntry(tenant=house.tenant, at=now(), actor_kind="system", action=f"test.{number}")
        for number in range(2 * BATCH)
    )

    @async_to_sync
    async def parts():
        header = f"Bearer {admin.key.secret}"
        answer = await AsyncClient().get(f"{URL}/export", headers={"Authorization": header})
        assert answer.is_async
        return [part async for part in answer.streaming_content]

    with no_scope():
        sent = parts()
    assert [part.count(b"\n") for part in sent[:2]] == [BATCH, BATCH]
    assert json.loads(sent[-1].splitlines()[-1])["action"] == f"test.{2 * BATCH - 1}"


def test_a_client_that_leaves_leaves_nothing_open(house, admin):
    answer = admin.get(f"{URL}/export")
    next(iter(answer.streaming_content))
    answer.close()
    assert not any(one.in_atomic_block for one in connections.all(initialized_only=True))


@pytest.mark.parametrize("path", [URL, f"{URL}/export"])
@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "2026-13-01T00:00:00Z"},
        {"since": "9999-12-31T23:59:59-12:00"},
        {"action": "a" * 65},
        {"target_id": "a" * 100_00},
    ],
    ids=lambda query: str(query)[:40] if isinstance(query, dict) else query,
)
def test_a_wrong_filter_is_explained(admin, path, query):
    answer = admin.get(path, query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert set(answer.json()["errors"]) == set(query)


def test_a_year_ahead_and_the_year_one_are_times(admin):
    assert listed(admin, since=(now() + timedelta(days=365)).isoformat()) == []
    assert listed(admin, until="0001-01-01T00:00:00Z") == []
