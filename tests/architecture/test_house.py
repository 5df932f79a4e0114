"""The shape of the house: rooms, queues, names."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

from agentplatform.celery import app as celery_app
from agentplatform.core.postgresql.isolation.tables import PLATFORM_TABLES
from agentplatform.queues import POOLS, QUEUES, TASK_ROUTES

ROOT = Path(__file__).resolve().parents[2]
APPS = ("tenants", "gateway", "tools", "runs")
ROOMS = ("contracts", "facade", "states", "models", "services", "admin", "api", "management")
MODULES = sorted(
    path
    for folder in ("agentplatform", "apps")
    for path in (ROOT / folder).rglob("*.py")
    if path.name not in ("__init__.py", "apps.py") and "migrations" not in path.parts
)


def each_module(read):
    """Every module's name, and what `read` makes of its text."""
    for path in MODULES:
        yield str(path.relative_to(ROOT)), read(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("room", ROOMS)
def test_every_app_has_the_same_rooms(app, room):
    folder = ROOT / "apps" / app
    assert (folder / f"{room}.py").is_file() or (folder / room / "__init__.py").is_file()


def registered_tasks():
    celery_app.loader.import_default_modules()
    return {name for name in celery_app.tasks if name.split(".")[0] in APPS}


def test_every_task_has_its_queue_and_every_route_its_task():
    assert registered_tasks() == set(TASK_ROUTES)


def test_what_beat_sends_exists():
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    assert scheduled <= set(TASK_ROUTES)


def test_every_queue_has_a_pool_that_reads_it():
    assert {queue.pool for queue in QUEUES} == {pool.name for pool in POOLS}


@pytest.mark.parametrize("task", sorted(TASK_ROUTES))
def test_a_task_takes_keywords_only(task):
    registered_tasks()
    code = celery_app.tasks[task].run.__code__
    assert code.co_argcount == 0, "a message names its ids, so that a newer release can add one"


DELAYS = {
    "countdown",
    "eta",
    "delay_seconds",
    "DelaySeconds",
    "default_retry_delay",
    "retry_backoff",
}


def keywords_of(module):
    calls = (node for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Call))
    return {keyword.arg for call in calls for keyword in call.keywords}


def test_nothing_waits_in_the_broker():
    found = {name: named & DELAYS for name, named in each_module(keywords_of) if named & DELAYS}
    assert not found, "write when it is due into the row: runs.recover sends it then"


@pytest.mark.parametrize("model", [m for m in apps.get_models() if m._meta.app_label in APPS])
def test_every_row_belongs_to_a_tenant(model):
    if model.__name__ == "Tenant" or model._meta.db_table in PLATFORM_TABLES:
        return
    names = {field.name for field in model._meta.get_fields()}
    assert "tenant" in names


def purpose_of(module):
    return ast.get_docstring(ast.parse(module))


def test_every_module_says_what_it_is_for():
    assert [name for name, purpose in each_module(purpose_of) if not purpose] == []


def test_no_module_grows_into_a_second_thing():
    long = {
        name: lines for name, lines in each_module(lambda text: text.count("\n")) if lines > 350
    }
    assert long == {}
