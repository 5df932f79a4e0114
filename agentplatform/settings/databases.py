"""Django's DATABASES: one database, an alias for each role that this process signs in as."""

from typing import Any
from urllib.parse import unquote, urlsplit

from agentplatform.settings.environment import Environment

RECONNECT_SECONDS = 10.0
"""For how long a pool tries by itself, ever more seldom, to replace a connection; then it tries
when one is asked for, so that a server that is back is used at once."""
LINE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""A connection through which nothing goes any more breaks after so long: libpq's own words."""
SCOPED_ENGINE = "agentplatform.core.postgresql"
PLAIN_ENGINE = "django.db.backends.postgresql"


def databases(environment: Environment) -> dict[str, dict[str, Any]]:
    """`default` always; `admin` and `owner` where their addresses are given."""
    pool = {
        "min_size": 0,
        "max_size": environment.database_pool_size,
        "timeout": 10,
        "reconnect_timeout": RECONNECT_SECONDS,
    }
    found = {"default": _database(SCOPED_ENGINE, environment.database_url, pool=pool)}
    if environment.admin_database_url:
        found["admin"] = _database(PLAIN_ENGINE, environment.admin_database_url, pool=pool)
    if environment.migration_database_url:
        found["owner"] = _database(
            PLAIN_ENGINE, environment.migration_database_url, assume_role="agentplatform_owner"
        )
    return found


def _database(engine: str, url: str, **options: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": engine,
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**LINE, **options},
    }
