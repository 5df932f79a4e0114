"""A task that loses its connection to the database costs no other task."""

import psycopg
import pytest
from django.db import OperationalError, connections

from agentplatform.core.tenancy import ADMIN
from apps.runs.tasks import count_dead_letters_task
from tests.database import role_addresses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _whole_pool():
    """What this test breaks, no other test gets."""
    yield
    connections[ADMIN].close()
    connections[ADMIN].pool.check()


def pid_of(connection):
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return cursor.fetchone()[0]


def end(pid):
    with psycopg.connect(role_addresses()["ADMIN_DATABASE_URL"]) as other:
        other.execute("select pg_terminate_backend(%s)", [pid])


def test_the_next_task_has_a_new_connection():
    count_dead_letters_task()
    end(pid_of(connections[ADMIN]))
    with pytest.raises(OperationalError):
        count_dead_letters_task()
    count_dead_letters_task()
