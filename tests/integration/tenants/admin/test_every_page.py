"""Every list and every row's page of the admin opens, however many rows there are."""

from django.contrib import admin
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentplatform.core.tenancy import ADMIN
from tests.integration.tenants.life.whole_tenant import whole_tenant


def page(model, kind, *arguments):
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{kind}", args=arguments)


def open_lists(staff):
    """How many statements each list takes."""
    counts = {}
    for model in admin.site._registry:
        with CaptureQueriesContext(connections[ADMIN]) as statements:
            assert staff.get(page(model, "changelist")).status_code == 200, model
        counts[model._meta.label] = len(statements)
    return counts


def test_a_list_asks_no_more_of_the_database_for_more_rows(staff):
    whole_tenant()
    open_lists(staff)
    once = open_lists(staff)
    assert all(once.values())
    whole_tenant()
    assert {name: count for name, count in open_lists(staff).items() if count > once[name]} == {}


def test_every_list_can_be_searched(staff):
    whole_tenant()
    for model in admin.site._registry:
        assert staff.get(page(model, "changelist"), {"q": "x"}).status_code in (200, 302), model


def test_the_page_of_what_is_no_row_is_missed_in_words(staff):
    for model in admin.site._registry:
        for pk in ("x", "9" * 24):
            assert staff.get(page(model, "change", pk)).status_code in (302, 404), model


def test_the_page_of_every_kind_of_row_opens_and_shows_no_nanos(staff):
    whole_tenant()
    for model in admin.site._registry:
        if row := model._default_manager.first():
            answer = staff.get(page(model, "change", row.pk))
            assert answer.status_code == 200, model
            assert "nanos" not in answer.content.decode(), model
