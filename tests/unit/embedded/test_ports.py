"""Ports: the usual one when it is free, otherwise another, remembered."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentplatform.embedded.ports import any_free, choose_ports, is_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_with_a_listener_is_not_free(taken_port: int) -> None:
    assert not is_free(taken_port)


def test_the_usual_port_is_chosen_when_it_is_free(tmp_path: Path) -> None:
    usual = any_free()
    assert choose_ports(tmp_path / "ports.json", {"web": usual}) == {"web": usual}


def test_another_port_is_chosen_when_the_usual_one_is_taken(
    tmp_path: Path, taken_port: int
) -> None:
    chosen = choose_ports(tmp_path / "ports.json", {"web": taken_port})["web"]
    assert chosen != taken_port
    assert is_free(chosen)


def test_the_chosen_port_is_remembered(tmp_path: Path, taken_port: int) -> None:
    memory = tmp_path / "ports.json"
    first = choose_ports(memory, {"web": taken_port})
    assert choose_ports(memory, {"web": taken_port}) == first


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    usual = any_free()
    chosen = choose_ports(tmp_path / "ports.json", {"web": usual, "flower": usual})
    assert chosen["web"] != chosen["flower"]


@pytest.mark.parametrize("content", ["", "[]", '{"web": "no number"}', "{"])
def test_a_spoilt_memory_is_forgotten(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "ports.json"
    memory.write_text(content)
    usual = any_free()
    assert choose_ports(memory, {"web": usual}) == {"web": usual}
