"""No transaction, and so no scope in the database, spans a model or tool call."""

from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.core.transactions import OpenTransaction, transaction
from apps.gateway.services.complete_calls import complete_calls
from apps.tools.services.execute_call import execute_call

pytestmark = pytest.mark.django_db


def test_a_model_call_is_refused_inside_a_transaction():
    with transaction(), pytest.raises(OpenTransaction):
        complete_calls(call_ids=[uuid4()], clock=now)


def test_a_tool_call_is_refused_inside_a_transaction():
    with transaction(), pytest.raises(OpenTransaction):
        execute_call(call_id=uuid4(), clock=now)
