"""The test session's PostgreSQL and Valkey. Loaded with -p, before Django's settings are read.

With DATABASE_URL (of a superuser) and REDIS_URL set, those servers are used. Under xdist the first
process starts the servers; each worker has a test database and a Valkey database of its own.
"""

import atexit
import contextlib
import os

for name in ("TENANT_REQUESTS_PER_MINUTE", "USER_REQUESTS_PER_MINUTE"):
    os.environ.setdefault(name, "1000000")  # counted, and never reached

OURS = "AGENTPLATFORM_TEST_SERVERS"
_servers = contextlib.ExitStack()
atexit.register(_servers.close)


def are_given() -> bool:
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def start() -> None:
    from agentplatform.embedded.with_servers import throwaway_servers

    environment = _servers.enter_context(throwaway_servers())
    os.environ.update(environment)
    os.environ[OURS] = "1"


def split_roles() -> None:
    from agentplatform.core.postgresql.roles import make_roles
    from agentplatform.embedded.with_servers import PASSWORDS, SERVER

    server = os.environ[SERVER] = os.environ["DATABASE_URL"]
    os.environ.update(make_roles(server, PASSWORDS, may_create_databases=True))


def take_own_valkey_database(worker: str) -> None:
    number = int(worker.removeprefix("gw")) + 1
    address, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{address}/{number}"


worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker and os.environ.get(OURS):
    take_own_valkey_database(worker)
elif not worker and not are_given():
    start()
elif not worker and "ADMIN_DATABASE_URL" not in os.environ:
    split_roles()
