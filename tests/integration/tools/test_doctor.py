"""`manage.py doctor` says what it has tried."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.tools.runners.bubblewrap.equipment import find_equipment


def test_a_machine_that_can_run_code_is_told_so():
    out = StringIO()
    call_command("doctor", stdout=out, no_color=True)
    lines = out.getvalue().splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["sandbox", "ok"], ["python", "ok"]]
    assert "has no network" in lines[0]


def test_a_machine_that_cannot_is_told_what_to_install(monkeypatch, settings):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"bubblewrap_path": "/no/such/bwrap"})
    find_equipment.cache_clear()
    out = StringIO()
    with pytest.raises(CommandError, match="code tool cannot run"):
        call_command("doctor", stdout=out, no_color=True)
    assert "/no/such/bwrap does not start" in out.getvalue()
