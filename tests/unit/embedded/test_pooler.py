"""What is written for pgbouncer, and what is said where there is none."""

from pathlib import Path

import pytest

from agentplatform.embedded import pgbouncer
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.pooler import Pooler

SERVER = "postgresql://o%22neil:p%40ss%20word@127.0.0.1:5444/test%20one"


@pytest.fixture
def pooler(tmp_path: Path) -> Pooler:
    return Pooler(
        folder=tmp_path / "pooler",
        programs=tmp_path,
        port=6500,
        server_url=SERVER,
        pool_size=1,
    )


def test_the_address_differs_from_the_servers_in_its_port_only(pooler: Pooler) -> None:
    assert pooler.url == SERVER.replace("5444", "6500")


def test_a_machine_without_pgbouncer_is_told_what_to_do(
    pooler: Pooler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pgbouncer, "SYSTEM_FOLDERS", ())
    with pytest.raises(StackError, match="run make setup"):
        pooler.prepare()


def test_a_pgbouncer_that_does_not_start_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub = tmp_path / "pgbouncer"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pgbouncer, "SYSTEM_FOLDERS", ())
    assert pgbouncer.find(tmp_path / "nothing") == ""
