"""Worker command lines come from the table of queues."""

import subprocess
import sys

from agentplatform.queues import POOLS
from agentplatform.worker import celery_arguments


def test_a_worker_reads_exactly_the_queues_of_its_pool() -> None:
    for pool in POOLS:
        arguments = celery_arguments(pool)
        assert arguments[arguments.index("--queues") + 1].split(",") == list(pool.queues)


def test_a_concurrency_can_be_given() -> None:
    arguments = celery_arguments(POOLS[0], concurrency=7)
    assert arguments[arguments.index("--concurrency") + 1] == "7"


def test_an_unknown_pool_is_answered_with_the_known_ones() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "agentplatform.worker", "nonsense"], capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert all(pool.name in answer.stderr for pool in POOLS)
