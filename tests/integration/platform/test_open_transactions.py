"""No transaction, and so no scope in the database, spans a model or tool call."""

from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.core.transactions import OpenTransaction, transaction
from apps.gateway.services.complete_call import complete_call
from apps.tools.services.execute_call import execute_call

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("door", [complete_call, execute_call])
def test_a_call_is_refused_inside_a_transaction(door):
    with transaction(), pytest.raises(OpenTransaction):
        door(call_id=uuid4(), clock=now)
