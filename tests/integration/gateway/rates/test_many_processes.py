"""One limit, many processes."""

import subprocess
import sys
from uuid import uuid4

import orjson
import pytest
from django.conf import settings

PROCESSES = 16
EACH = 60


@pytest.mark.parametrize("algorithm", ["sliding_window", "token_bucket"])
def test_sixteen_processes_get_what_one_would(algorithm: str) -> None:
    """The bucket fills by one in six seconds besides."""
    asked = orjson.dumps({"requests": 10, "tokens": 400, "algorithm": algorithm}).decode()
    command = [
        sys.executable, "-m", "tests.integration.gateway.rates.taker",
        settings.REDIS_URL, str(uuid4()), asked, str(EACH),
    ]  # fmt: skip
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    taken = sum(int(process.communicate(timeout=120)[0]) for process in processes)
    assert taken == 10 if algorithm == "sliding_window" else 10 <= taken <= 15
