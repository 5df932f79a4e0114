"""How much a call may use: the tenant's limits over the tool's over the platform's own."""

import threading

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput
from apps.tools.models import ToolDefault, ToolLimit
from apps.tools.models.tool_limit import LIMITS
from apps.tools.runners.code import CODE
from apps.tools.runners.limits import Limits
from apps.tools.services import tool_limits
from apps.tools.services.prepare_work import prepare_work
from apps.tools.services.set_tool_limits import delete_tool_limits, set_tool_limits
from apps.tools.services.tool_limits import forget_limits, limits_of_call, limits_of_tenant

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def forgotten():
    forget_limits()
    yield
    forget_limits()


def limit(tenant=None, tool="code", **limits):
    set_tool_limits(tenant_id=tenant and tenant.id, tool=tool, limits=limits, at=now())


def unlimit(tenant=None, tool="code"):
    delete_tool_limits(tenant_id=tenant and tenant.id, tool=tool, at=now())


def of(tenant, tool="code", timeout_seconds=60.0):
    return limits_of_call(tenant_id=tenant.id, tool=tool, timeout_seconds=timeout_seconds)


def test_without_a_word_a_call_has_the_platforms_own_limits(tenant):
    assert of(tenant) == Limits(wall_seconds=60.0)
    assert of(tenant, timeout_seconds=300).wall_seconds == 300


def test_a_tenants_limit_stands_over_the_tools_and_the_tools_over_the_platforms(
    tenant, other_tenant
):
    limit(cpus=0.5, processes=50)
    limit(tenant, processes=20)
    assert (of(tenant).cpus, of(tenant).processes) == (0.5, 20)
    assert (of(other_tenant).cpus, of(other_tenant).processes) == (0.5, 50)
    assert of(tenant, "http") == Limits(wall_seconds=60.0)


@pytest.mark.parametrize(("asked", "given"), [(5, 5), (60, 10)])
def test_a_call_takes_no_more_time_than_its_limit(tenant, asked, given):
    limit(tenant, wall_seconds=10)
    assert of(tenant, timeout_seconds=asked).wall_seconds == given


def test_bounds_of_one_process_and_one_file_follow(tenant):
    limit(tenant, memory_bytes=100 * MEGABYTE, work_bytes=30 * MEGABYTE)
    found = of(tenant)
    assert (found.process_bytes, found.file_bytes) == (100 * MEGABYTE, 30 * MEGABYTE)


def test_a_deleted_limit_gives_way_to_the_next_wider(tenant):
    limit(cpus=2)
    limit(tenant, cpus=1)
    for _ in range(2):
        unlimit(tenant)
    assert of(tenant).cpus == 2
    unlimit()
    assert of(tenant).cpus == Limits().cpus


def test_another_processs_change_counts_some_seconds_later(tenant, monkeypatch):
    assert of(tenant).cpus == 1
    ToolLimit.objects.create(tenant=tenant, tool="code", cpus=2, updated_at=now())
    assert of(tenant).cpus == 1
    monkeypatch.setattr(tool_limits, "FRESH_SECONDS", 0.0)
    assert of(tenant).cpus == 2


def test_what_was_just_read_is_not_read_again(tenant, django_assert_num_queries):
    with django_assert_num_queries(1, using="admin"):
        for _ in range(3):
            of(tenant)


def test_what_the_operator_lowered_holds_for_what_was_set_before(tenant, settings):
    limit(tenant, cpus=8, output_bytes=2 * MEGABYTE)
    settings.PLATFORM = settings.PLATFORM.model_copy(
        update={"tool_limits_most": '{"cpus": 2, "memory_bytes": 1048576000}'}
    )
    found = of(tenant)
    assert (found.cpus, found.memory_bytes) == (2, 1048576000)
    assert found.output_bytes == 2 * MEGABYTE


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"cpus": 1000}, "cpus"),
        ({"cpus": 0}, "cpus"),
        ({"memory_bytes": 1}, "memory_bytes"),
        ({"wall_seconds": 601}, "wall_seconds"),
        ({"artifacts": -1}, "artifacts"),
        ({"cpus": float("nan")}, "cpus"),
    ],
)
def test_a_limit_out_of_bounds_is_refused_by_name(tenant, limits, field):
    with pytest.raises(InvalidInput) as refused:
        limit(tenant, **limits)
    assert list(refused.value.errors) == [field]
    assert "e+" not in refused.value.errors[field][0]
    assert not ToolLimit.objects.exists()


@pytest.mark.parametrize(("tool", "why"), [("", "Name a tool"), ("cdoe", "browser, code, http")])
def test_a_limit_names_a_tool(db, tool, why):
    with pytest.raises(InvalidInput) as refused:
        limit(tool=tool)
    assert why in refused.value.errors["tool"][0]
    assert not ToolDefault.objects.exists()


def test_a_tenant_sees_the_limits_of_each_tool(tenant):
    limit(tenant, tool="crm__mine", inodes=7)
    found = limits_of_tenant(tenant_id=tenant.id, tools=("code", "http"))
    assert list(found) == ["code", "http", "crm__mine"]
    assert found["crm__mine"].inodes == 7
    assert found["code"].wall_seconds == 600
    assert set(LIMITS) <= set(vars(found["code"]))


def test_the_work_of_a_call_has_its_limits(tenant, plan_call):
    limit(tenant, processes=33, wall_seconds=7)
    work = prepare_work(plan_call(timeout_seconds=20.0), tool=CODE, stop=threading.Event())
    assert (work.limits.processes, work.limits.wall_seconds) == (33, 7)
