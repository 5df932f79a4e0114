"""Each change through the API leaves one entry that says who, what and from where."""

from datetime import timedelta
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import AuditEntry
from tests.api.tenants.endpoint import Endpoint
from tests.api.tenants.endpoints import ENDPOINTS
from tests.api.tenants.house import ADDRESS, SPEC, new_name, staff, stranger
from tests.integration.tenants.user_pool import running_pool, sign

READS = [one for one in ENDPOINTS if not one.writes]
WRITES = [one for one in ENDPOINTS if one.writes]


def entries_after(entry_id):
    return list(AuditEntry.objects.filter(id__gt=entry_id).order_by("id"))


def newest_entry():
    return AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0


def prepared(endpoint: Endpoint, house):
    name = endpoint.names(house) if endpoint.names else None
    return name, endpoint.body(house)


def target_of(house, name, answer):
    if name is not None:
        return str(name)
    made = answer.json() if answer.content else {}
    return made.get("id") or made.get("artifact_id") or str(house.tenant.id)


def test_what_changes_something_is_written_down():
    silent = {one.route for one in READS if one.method != "get"}
    assert silent == {"tasks/validate"}


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
def test_a_change_leaves_one_entry(house, admin, endpoint):
    name, body = prepared(endpoint, house)
    before = newest_entry()
    answer = endpoint.send(admin, name, body)
    assert answer.status_code == endpoint.status, answer.content
    (entry,) = entries_after(before)
    assert (entry.tenant_id, entry.action, entry.address) == (
        house.tenant.id,
        endpoint.writes,
        ADDRESS,
    )
    assert (entry.actor_kind, entry.actor_id) == ("api_key", str(admin.key.api_key_id))
    assert entry.actor_name
    assert (entry.target_kind, entry.target_id) == (
        endpoint.writes.partition(".")[0],
        target_of(house, name, answer),
    )
    assert entry.trace_id == answer["X-Request-ID"]


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
def test_a_refused_change_leaves_none(house, endpoint):
    name, body = prepared(endpoint, house)
    callers = [house.client_of("viewer"), house.client_with(["gateway"]), staff(), stranger()]
    before = newest_entry()
    for caller in callers:
        assert endpoint.send(caller, name, body).status_code in (401, 403)
    assert not entries_after(before)


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
def test_a_failed_change_leaves_none(house, other, admin, endpoint):
    names, before = [None], newest_entry()
    if "uuid" in endpoint.route:
        names = [uuid4(), endpoint.names(other)]
        before = newest_entry()
    elif endpoint.names:
        names = ["No-Name"]
    for name in names:
        answer = endpoint.send(admin, name, {"surplus": 1})
        assert answer.status_code in (404, 422), answer.content
    assert not entries_after(before)


@pytest.mark.parametrize("endpoint", READS, ids=str)
def test_reading_leaves_none(house, admin, endpoint):
    name, body = prepared(endpoint, house)
    before = newest_entry()
    assert endpoint.send(admin, name, body).status_code == endpoint.status
    assert not entries_after(before)


def test_a_person_is_named_who_came_with_a_token(house, settings):
    subject, at = str(uuid4()), now()
    user_id = house.user("admin", cognito_subject=subject)
    with running_pool() as pool:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings())
        claims = {"iat": int(at.timestamp()), "exp": int((at + timedelta(hours=1)).timestamp())}
        tenant = {"custom:tenant_id": str(house.tenant.id)}
        client = stranger()
        token = sign(sub=subject, **tenant, **claims)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        before = newest_entry()
        assert client.patch("/api/v1/tenant", {"name": "New"}).status_code == 200
    (entry,) = entries_after(before)
    assert (entry.actor_kind, entry.actor_id) == ("user", str(user_id))
    assert "@example.org" in entry.actor_name


def test_repeating_a_request_is_no_second_change(house, admin):
    body = {"task_id": str(house.task())}
    before = newest_entry()
    for status in (201, 200):
        answer = admin.post("/api/v1/runs", body, headers={"Idempotency-Key": "once"})
        assert answer.status_code == status
    assert len(entries_after(before)) == 1


def test_revoking_twice_is_one_change(house, admin):
    key = house.api_key()
    before = newest_entry()
    for _ in range(2):
        assert admin.delete(f"/api/v1/api-keys/{key}").status_code == 204
    assert len(entries_after(before)) == 1


def test_what_stays_as_it_is_is_no_change(house, admin):
    user, task = house.user("viewer"), house.task()
    before = newest_entry()
    assert admin.patch(f"/api/v1/users/{user}", {"role": "viewer"}).status_code == 200
    assert admin.patch(f"/api/v1/tasks/{task}", {"spec": SPEC}).status_code == 200
    assert admin.patch("/api/v1/tenant", {"retention_days": None}).status_code == 200
    assert not entries_after(before)


def test_cancelling_what_is_over_is_no_change(house, admin):
    run = house.run()
    assert admin.delete(f"/api/v1/runs/{run}").status_code == 200
    before = newest_entry()
    assert admin.delete(f"/api/v1/runs/{run}").status_code == 409
    assert not entries_after(before)


def test_no_entry_holds_a_secret_a_spec_or_an_input(house, admin):
    before = newest_entry()
    key = admin.post("/api/v1/api-keys", {"name": "ci", "scopes": ["read"]}).json()
    admin.post(f"/api/v1/api-keys/{key['id']}/rotate")
    admin.put("/api/v1/secrets/token", {"value": "hush-hush"})
    program = {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "hush-hush"}}
    task = admin.post("/api/v1/tasks", {"name": new_name(), "spec": {"steps": [program]}}).json()
    admin.post("/api/v1/runs", {"task_id": task["id"], "input": {"n": "hush-hush"}})
    entries = entries_after(before)
    assert len(entries) == 5
    told = "".join(f"{entry.before}{entry.after}" for entry in entries)
    assert "hush-hush" not in told
    assert key["api_key"] not in told
