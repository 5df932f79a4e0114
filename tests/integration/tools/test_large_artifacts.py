"""A large file passes from a program to a download, and its size costs no memory."""

import tracemalloc

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.tenants.services.create_api_key import create_api_key
from apps.tools.models import Artifact
from apps.tools.services.execute_call import execute_call
from apps.tools.services.set_tool_limits import set_tool_limits
from apps.tools.services.tool_limits import forget_limits

MEGABYTE = 1024 * 1024
PROGRAM = """
with open("artifacts/big.bin", "wb") as file:
    for number in range(60):
        file.write(bytes([number]) * 1048576)
"""


@pytest.fixture
def traced():
    """`traced()` is the most that Python has held at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_sixty_megabytes_go_from_a_program_to_a_download(plan_call, tenant, traced):
    call = plan_call(arguments={"program": PROGRAM})
    execute_call(call_id=call.id, clock=now)
    row = Artifact.objects.get()
    assert (row.name, row.size_bytes) == ("big.bin", 60 * MEGABYTE)
    key = create_api_key(tenant_id=tenant.id, name="test", scopes=["read"], at=now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    answer = client.get(f"/api/v1/artifacts/{row.id}/content")
    assert sum(map(len, answer.streaming_content)) == 60 * MEGABYTE
    assert traced() < 12 * MEGABYTE


def test_a_file_over_the_tenants_limit_is_not_kept(plan_call, tenant):
    limits = {"artifact_bytes": 10, "artifacts_bytes": 15}
    set_tool_limits(tenant_id=tenant.id, tool="code", limits=limits, at=now())
    program = "for n in (9, 11): open(f'artifacts/{n}', 'w').write('x' * n)"
    execute_call(call_id=plan_call(arguments={"program": program}).id, clock=now)
    forget_limits()
    assert [row.name for row in Artifact.objects.all()] == ["9"]
