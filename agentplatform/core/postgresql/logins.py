"""As whom Django's database aliases sign in, changed while the process runs."""

from collections.abc import Mapping
from typing import Any

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


def adopt_logins(databases: Mapping[str, Mapping[str, Any]]) -> None:
    """Sign in with the users and passwords of `databases` from the next connection on.

    Connections that are open stay; where the database is, too.
    """
    for alias in set(databases) & set(connections.settings):
        login = {name: databases[alias][name] for name in ("USER", "PASSWORD")}
        connections.settings[alias].update(login)
        pools = DatabaseWrapper._connection_pools  # type: ignore[attr-defined]
        pool = pools.get(alias)
        if pool is not None:
            pool.kwargs = {**pool.kwargs, "user": login["USER"], "password": login["PASSWORD"]}
