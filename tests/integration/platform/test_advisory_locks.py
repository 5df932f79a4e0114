"""Locks on names, held until the transaction ends."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from uuid import uuid4

import pytest

from agentplatform.core.advisory_locks import begin_with_locks, try_lock_until_commit
from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import scope_connection, transaction

NAMES = [("artifact", "it's"), ("artifact", "b")]


def is_free(*name: object) -> bool:
    """As another connection finds it."""

    def look() -> bool:
        with brief_connection(), transaction():
            return try_lock_until_commit(*name)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, look).result()


@pytest.mark.parametrize("comes_first", [True, False])
def test_a_transaction_begins_with_its_locks(transactional_db: None, comes_first: bool) -> None:
    with tenant_scope(uuid4()):
        with transaction(), scope_connection().cursor() as cursor:
            if not comes_first:
                cursor.execute("select 1")
            begin_with_locks(NAMES)
            cursor.execute("select 2")
            assert cursor.fetchone() == (2,)
            assert [is_free(*name) for name in NAMES] == [False, False]
        assert [is_free(*name) for name in NAMES] == [True, True]
