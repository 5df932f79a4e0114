"""Nobody leaves the tenant's scope, except where the platform's own work is done."""

from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.core.tasks import EVERY_TENANT, UnscopedTask, platform_task
from tests.architecture.scopes import is_scoped, widenings
from tests.architecture.test_addresses import OPEN

ROOT = Path(__file__).resolve().parents[2]
WIDE = {
    "agentplatform/api/scope.py": "where a request begins, and the admin site",
    "agentplatform/management/commands/migrate.py": "looks at the database as the owner",
    "apps/tenants/admin/audit_entry.py": "staff's export is read after the request is over",
    "apps/tenants/api/authentication.py": "who asks has just been found out",
}
"""The files that may, beside agentplatform.core and the embedded start, and why."""
MODULES = {
    str(path.relative_to(ROOT)): path
    for folder in ("agentplatform", "apps")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}
OURS = ("agentplatform/core/", "agentplatform/embedded/", "agentplatform/settings/")


def patterns(resolver: URLResolver, prefix: str = ""):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif not route.startswith("admin/"):
            yield from patterns(entry, route)


VIEWS = {route: view for route, view in patterns(get_resolver()) if route not in OPEN}


def test_a_module_stays_in_the_scope_it_is_called_in():
    held = {name: path for name, path in MODULES.items() if not name.startswith(OURS)}
    found = {name: widenings(path.read_text(encoding="utf-8")) for name, path in held.items()}
    assert {name: ways for name, ways in found.items() if ways and name not in WIDE} == {}


@pytest.mark.parametrize("name", WIDE)
def test_the_list_names_only_modules_that_need_it(name):
    assert widenings(MODULES[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize("route", VIEWS)
def test_a_view_enters_the_tenant_of_who_asks(route):
    assert is_scoped(VIEWS[route])


@pytest.mark.parametrize(
    "source",
    [
        "from agentplatform.core.tenancy import platform_scope",
        "from agentplatform.core.tenancy import no_scope as quiet",
        "from agentplatform.core import tenancy\nwith tenancy.platform_scope(): pass",
        "from agentplatform.core.tenancy import ADMIN",
        "from django.db import connections\nconnections['admin'].cursor()",
        "Run.objects.using('admin').count()",
        "Run.objects.db_manager(alias).count()",
        "run.save(using='admin')",
        "cursor.execute('select set_config(\\'app.tenant_id\\', %s, true)')",
        "cursor.execute('SET ROLE agentplatform_admin')",
    ],
)
def test_a_planted_way_out_is_found(source):
    assert widenings(source)


def test_a_planted_view_of_its_own_authentication_is_found():
    class Planted(APIView):
        authentication_classes = ()

        def get(self, _request):
            return Response()

    class Overriding(APIView):
        def get_authenticators(self):
            return []

    assert is_scoped(APIView.as_view())
    assert not is_scoped(Planted.as_view())
    assert not is_scoped(Overriding.as_view())
    assert not is_scoped(APIView.as_view(authentication_classes=[]))
    assert not is_scoped(lambda request: None)


def test_a_planted_task_that_takes_a_tenant_from_its_message_is_refused():
    def planted(*, tenant_id: str) -> None: ...

    def disguised(*, run_id: str, for_tenant: str) -> None: ...

    for function in (planted, disguised):
        for of in ("runs", EVERY_TENANT):
            with pytest.raises(UnscopedTask, match="takes a tenant from its message"):
                platform_task(name="runs.planted", of=of)(function)


def test_a_planted_task_that_names_no_row_is_refused():
    def planted(*, turn: int) -> None: ...

    with pytest.raises(UnscopedTask, match="must be the id of a row of runs"):
        platform_task(name="runs.planted", of="runs")(planted)
