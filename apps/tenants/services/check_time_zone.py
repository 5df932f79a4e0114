"""Which time zones a tenant can have."""

from zoneinfo import available_timezones

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import scope_connection


def check_time_zone(name: str) -> None:
    """Raises InvalidInput unless both this machine and PostgreSQL know the zone by this name."""
    if name not in available_timezones() or not _is_known_to_database(name):
        raise InvalidInput(
            "There is no such time zone.",
            errors={"time_zone": ["Name one of the IANA list: Europe/Berlin, America/New_York."]},
        )


def _is_known_to_database(name: str) -> bool:
    """By the name alone: asking for a time in an unknown zone would end the transaction."""
    with scope_connection().cursor() as cursor:
        cursor.execute("select exists(select from pg_timezone_names where name = %s)", [name])
        row = cursor.fetchone()
    return bool(row and row[0])
