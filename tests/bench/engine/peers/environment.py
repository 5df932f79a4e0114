"""The Python that the engine's peers run on, and the programs that they run."""

from pathlib import Path

from tests.bench.peer_environment import peer_environment

PROGRAMS = Path(__file__).with_name("programs")


def peer_python() -> Path:
    """Made when it is missing or out of date."""
    return peer_environment("bench.txt", name="peers", told="the peers: DBOS, and Celery by itself")
