"""What is kept of the requests of a tool call, and whose rules they are held against."""

import threading
from dataclasses import replace

import pytest

from agentplatform.core.actor import Actor, acting
from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.settings.private_ranges import parse_ranges
from apps.tenants.models import AuditEntry
from apps.tools.egress.network import Network
from apps.tools.egress.session import EgressRequest as Sent
from apps.tools.models import EgressRequest, EgressRule
from apps.tools.services import find_way_out as finding
from apps.tools.services.execute_call import execute_call
from apps.tools.services.find_way_out import find_way_out
from apps.tools.services.request_log import RequestLog
from apps.tools.services.set_egress_rule import MAX_RULES, add_egress_rule, delete_egress_rule
from tests.integration.tools.egress.conftest import may_be_dialled, to_this_machine

ADMIN = Actor(kind="user", id="1", name="ann@example.org")
STAFF = Actor(kind="staff", id="2", name="root@example.org")

PROGRAM = """
import json, sys, urllib.request
told = []
for url in json.load(sys.stdin):
    try:
        told.append(urllib.request.urlopen(url, timeout=10).status)
    except OSError as error:
        told.append(getattr(error, "code", str(error)))
print(json.dumps(told))
"""


@pytest.fixture
def set_platform(settings):
    def change(**values):
        settings.PLATFORM = settings.PLATFORM.model_copy(update=values)

    return change


@pytest.fixture
def local_network(monkeypatch):
    """Calls resolve every name to this machine."""
    network = Network(resolver=to_this_machine, is_allowed=may_be_dialled)
    find = finding.find_way_out
    monkeypatch.setattr(
        "apps.tools.services.prepare_work.find_way_out",
        lambda call: replace(find(call), network=network),
    )


def add_rule(tenant, host, actor=ADMIN, **parts):
    with acting(actor):
        return add_egress_rule(tenant_id=tenant.id, host=host, at=now(), **parts)


def run(call):
    execute_call(call_id=call.id, clock=now)
    call.refresh_from_db()
    return call


def rules_of(call):
    return [str(rule) for rule in find_way_out(call).rules]


def test_every_request_of_a_call_is_a_row_before_the_call_ends(
    plan_call, tenant, internet, local_network
):
    add_rule(tenant, "plain.test", port=internet.plain.server_port)
    urls = [f"{internet.http}/a", "http://evil.test/b", "https://evil.test/c"]
    call = run(plan_call(arguments={"program": PROGRAM, "input": urls, "network": True}))
    assert call.response["value"][:2] == [200, 403]
    rows = list(EgressRequest.objects.filter(call_id=call.id).order_by("status"))
    assert {(row.via, row.method, row.host, row.status, bool(row.refusal)) for row in rows} == {
        ("proxy", "GET", "plain.test", 200, False),
        ("proxy", "GET", "evil.test", None, True),
        ("proxy", "CONNECT", "evil.test", None, True),
    }
    assert {(row.tenant_id, row.run_id, row.step_id) for row in rows} == {
        (tenant.id, call.run_id, call.step_id)
    }
    assert rows[0].address == "127.0.0.1"
    assert rows[0].received_bytes > 0


def test_requests_are_written_while_the_call_goes_on(plan_call):
    call = plan_call()
    log = RequestLog()
    record = log.recorder(call)
    for number in range(3):
        record(Sent(via="http", method="GET", host=f"h{number}\x00.test", port=80, at=now()))
    assert log.flush(call.id, timeout_seconds=10)
    assert list(EgressRequest.objects.order_by("id").values_list("host", flat=True)) == [
        "h0?.test",
        "h1?.test",
        "h2?.test",
    ]


def test_requests_of_many_threads_and_tenants_are_all_written(make_plan, plan_call, other_tenant):
    calls = [plan_call(index=0), plan_call(index=1, tenant_id=other_tenant.id)]
    log = RequestLog()

    def send(call):
        record = log.recorder(call)
        for _ in range(200):
            record(Sent(via="http", method="GET", host="h.test", port=80, at=now()))

    threads = [threading.Thread(target=send, args=(call,)) for call in calls * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(log.flush(call.id, timeout_seconds=20) for call in calls)
    for call in calls:
        rows = EgressRequest.objects.filter(call_id=call.id)
        assert set(rows.values_list("tenant_id", flat=True)) == {call.tenant_id}
        assert rows.count() == 400


def test_requests_that_cannot_be_written_hold_up_no_others(plan_call, caplog):
    call, lost = plan_call(index=0), plan_call(index=1)
    lost.tenant_id = lost.id
    log = RequestLog()
    log.recorder(lost)(Sent(via="http", method="GET", host="a.test", port=80, at=now()))
    log.recorder(call)(Sent(via="http", method="GET", host="b.test", port=80, at=now()))
    assert log.flush(lost.id, timeout_seconds=10)
    assert log.flush(call.id, timeout_seconds=10)
    assert [row.host for row in EgressRequest.objects.all()] == ["b.test"]


def test_a_calls_rules_are_the_operators_and_its_tenants(
    plan_call, tenant, other_tenant, set_platform
):
    set_platform(egress_allowlist="GET|HEAD all.example.org:8443")
    add_rule(tenant, "*.Example.org.", methods=["get"])
    add_rule(other_tenant, "other.example.org")
    assert rules_of(plan_call()) == ["GET|HEAD all.example.org:8443", "GET *.example.org"]


def test_private_addresses_are_open_to_rules_of_the_operator_and_staff(
    plan_call, tenant, set_platform
):
    set_platform(
        egress_allowlist="all.example.org", egress_private_addresses="10.8.0.0/24, [fd00::1]:9000"
    )
    add_rule(tenant, "own.example.org")
    add_rule(tenant, "given.example.org", actor=STAFF)
    way = find_way_out(plan_call())
    assert {rule.host: rule.is_operators for rule in way.rules} == {
        "all.example.org": True,
        "own.example.org": False,
        "given.example.org": True,
    }
    assert way.private == parse_ranges("10.8.0.0/24, [fd00::1]:9000")


def test_a_program_without_network_asks_for_no_rules(plan_call, monkeypatch):
    monkeypatch.delattr("apps.tools.services.prepare_work.find_way_out")
    assert run(plan_call()).status == "SUCCESS"


def test_the_operator_may_keep_the_rules_to_staff(plan_call, tenant, set_platform):
    add_rule(tenant, "old.example.org")
    set_platform(egress_tenant_rules="staff")
    with pytest.raises(Conflict, match="Only the platform's staff"):
        add_rule(tenant, "new.example.org")
    add_rule(tenant, "given.example.org", actor=STAFF)
    assert rules_of(plan_call()) == ["given.example.org"]


def test_a_rule_of_staff_is_not_deleted_by_others(tenant):
    row = add_rule(tenant, "given.example.org", actor=STAFF)
    with acting(ADMIN), pytest.raises(Conflict, match="ask them"):
        delete_egress_rule(tenant_id=tenant.id, rule_id=row.id, at=now())
    with acting(STAFF):
        delete_egress_rule(tenant_id=tenant.id, rule_id=row.id, at=now())
    assert EgressRule.objects.count() == 0


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("host", {"host": "169.254.169.254"}),
        ("host", {"host": "*.com"}),
        ("host", {"host": "https://api.example.org"}),
        ("port", {"host": "api.example.org", "port": 0}),
        ("methods", {"host": "api.example.org", "methods": ["GET", "P T"]}),
    ],
)
def test_a_rule_that_can_never_hold_is_refused_by_its_part(tenant, part, values):
    with pytest.raises(InvalidInput) as refusal:
        add_rule(tenant, **values)
    assert list(refusal.value.errors) == [part]
    assert EgressRule.objects.count() == 0


def test_a_rule_is_added_once_and_there_is_an_end_to_them(tenant):
    add_rule(tenant, "api.example.org", methods=["POST", "GET"])
    with pytest.raises(Conflict, match="already"):
        add_rule(tenant, "API.example.org", methods=["get", "post"])
    EgressRule.objects.bulk_create(
        EgressRule(tenant=tenant, host=f"h{number}.example.org", created_at=now())
        for number in range(MAX_RULES - 1)
    )
    with pytest.raises(Conflict, match="up to 200"):
        add_rule(tenant, "one.more.example.org")


def test_another_tenants_rule_is_not_found(tenant, other_tenant):
    row = add_rule(other_tenant, "api.example.org")
    with acting(ADMIN), pytest.raises(NotFound):
        delete_egress_rule(tenant_id=tenant.id, rule_id=row.id, at=now())


def test_changes_of_rules_are_audited(tenant):
    row = add_rule(tenant, "api.example.org", methods=["GET"])
    with acting(ADMIN):
        delete_egress_rule(tenant_id=tenant.id, rule_id=row.id, at=now())
    entries = AuditEntry.objects.filter(tenant_id=tenant.id).order_by("id")
    assert [entry.action for entry in entries] == ["egress_rule.added", "egress_rule.deleted"]
    assert entries[0].after == {"host": "api.example.org", "methods": ["GET"]}
    assert entries[1].before["host"] == "api.example.org"
