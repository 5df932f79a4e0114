"""The port of a web process."""

import socket

import pytest

from agentplatform.web import UNREAD_SECONDS, bind

HERE = "127.0.0.1"


def test_the_kernel_ends_connections_of_clients_that_take_nothing() -> None:
    with bind(HERE, 0) as listening:
        listening.listen()
        with (
            socket.create_connection(listening.getsockname()),
            listening.accept()[0] as accepted,
        ):
            found = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert found == UNREAD_SECONDS * 1000


def test_a_port_that_another_has_is_named() -> None:
    with bind(HERE, 0) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        with pytest.raises(SystemExit, match=f"{HERE} port {port}: Address already in use"):
            bind(HERE, port)
