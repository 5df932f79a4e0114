"""Virtualenvs for what the platform is measured beside: peers never meet its own packages."""

from pathlib import Path

from agentplatform.embedded import locks
from agentplatform.embedded.virtualenv import create, install, is_alive
from agentplatform.settings.environment import ROOT

FOLDER = ROOT / ".data" / "bench"


def peer_environment(lock: str, *, name: str, told: str) -> Path:
    """The Python of the virtualenv `name`, which holds a lock file of requirements/. Makes it when
    it is missing or out of date; `told` is what to call its packages meanwhile."""
    virtualenv = FOLDER / name
    python = virtualenv / "bin" / "python"
    requirements = ROOT / "requirements"
    digest = locks.digest_locks(requirements, (lock,))
    if is_alive(python) and locks.is_current(virtualenv, digest):
        return python
    print(f"Getting {told} ...", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{name}.log"
    if not is_alive(python):
        create(virtualenv, scratch=FOLDER / "setup", log=log)
    install(python, [requirements / lock], requirements / locks.TOOLS, log)
    locks.write_stamp(virtualenv, digest)
    return python
