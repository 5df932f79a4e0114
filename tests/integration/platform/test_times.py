"""Times as they come from the database."""

from datetime import UTC, datetime

import pytest
from django.db import DataError

from tests.integration.tenancy.tables import ask

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("told", "microsecond"),
    [
        ("2026-11-26 11:10:36.123456+00", 123456),
        ("2026-11-26 11:10:36.12+00", 120000),
        ("2026-11-26 11:10:36+00", 0),
        ("2026-11-26 13:10:36.000001+02", 1),
    ],
)
def test_a_time_comes_back_in_utc_to_the_microsecond(told: str, microsecond: int) -> None:
    ((found,),) = ask(f"select '{told}'::timestamptz")
    assert found == datetime(2026, 11, 26, 11, 10, 36, microsecond, UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("told", ["infinity", "0044-03-15 10:00:00+00 BC"])
def test_a_time_that_python_does_not_know_is_refused(told: str) -> None:
    with pytest.raises(DataError):
        ask(f"select '{told}'::timestamptz")


def test_no_time_is_none() -> None:
    assert ask("select null::timestamptz") == [(None,)]
