"""The peers' own virtualenv, from requirements/bench.txt: they never meet the platform's."""

from pathlib import Path

from agentplatform.embedded import locks
from agentplatform.embedded.virtualenv import create, install, is_alive
from agentplatform.settings.environment import ROOT

LOCK = "bench.txt"
FOLDER = ROOT / ".data" / "bench"
PROGRAMS = Path(__file__).with_name("programs")


def peer_python() -> Path:
    """The Python that the peers run on. Makes it when it is missing or out of date."""
    virtualenv = FOLDER / "peers"
    python = virtualenv / "bin" / "python"
    requirements = ROOT / "requirements"
    digest = locks.digest_locks(requirements, (LOCK,))
    if is_alive(python) and locks.is_current(virtualenv, digest):
        return python
    print("Getting the peers: DBOS, and Celery by itself ...", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / "peers.log"
    if not is_alive(python):
        create(virtualenv, scratch=FOLDER / "setup", log=log)
    install(python, [requirements / LOCK], requirements / locks.TOOLS, log)
    locks.write_stamp(virtualenv, digest)
    return python
