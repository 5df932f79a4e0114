"""`manage.py set_budget` for users, keys, runs, months and warnings."""

import io

import pytest
from django.core.management import CommandError, call_command

from apps.tenants.models import ApiKey, Budget
from tests.integration.tenants.budgets.spender import Work

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("set_budget", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_limits_users_keys_and_runs() -> None:
    work = Work()
    prefix = ApiKey.objects.get(id=work.key_id).prefix
    assert command("acme", "--user", "A@acme.org", "--tokens", "5") == (
        "acme A@acme.org: 5 tokens, no limit a month\n"
    )
    command("acme", "--user", "a@acme.org", "--usd", "0.5")
    command("acme", "--key", prefix, "--usd", "2")
    command("acme", "--each-run", "--tokens", "9")
    limits = {str(one): (one.token_limit, one.usd_limit_nanos) for one in Budget.objects.all()}
    assert sorted(limits.values(), key=str) == [
        (5, 500_000_000),
        (9, None),
        (None, 2_000_000_000),
    ]
    command("acme", "--user", "a@acme.org", "--usd", "none", "--tokens", "none")
    assert Budget.objects.count() == 2


def test_the_command_sets_months_and_warnings() -> None:
    work = Work()
    command("acme", "--time-zone", "Europe/Berlin", "--warn-at", "0.9,0.5")
    work.tenant.refresh_from_db()
    assert (work.tenant.time_zone, work.tenant.budget_thresholds) == ("Europe/Berlin", [0.5, 0.9])
    command("acme", "--warn-at", "none")
    work.tenant.refresh_from_db()
    assert work.tenant.budget_thresholds == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--user", "nobody@acme.org", "--tokens", "1"],
        ["--key", "none", "--tokens", "1"],
        ["--user", "a@acme.org"],
        ["--user", "a@acme.org", "--each-run", "--tokens", "1"],
        ["--each-run", "--tokens", "-1"],
        ["--time-zone", "Mars"],
        ["--warn-at", "80"],
        ["--warn-at", "much"],
    ],
)
def test_the_command_explains_bad_input(arguments: list[str]) -> None:
    Work()
    with pytest.raises(CommandError):
        command("acme", *arguments)
