"""Sockets inside the network of a sandbox, opened by whoever the worker is."""

import json
import os
import socket
import subprocess
from contextlib import contextmanager

import pytest

from apps.tools.egress import opener
from apps.tools.egress.namespaces import NoWayIn, Opener, open_inside
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.process import read_init_pid
from apps.tools.runners.confine.programs import find_pythons

IS_ROOT = os.geteuid() == 0
ORDINARY, OTHER = (64020, 64021) if IS_ROOT else (None, None)
"""Users that root can be; who is not root can only be itself."""
PYTHON = find_pythons("")[0].path
CALLER = """
import socket, sys
sys.stdin.readline()
with socket.create_connection(("127.0.0.1", 443), 5) as one:
    one.sendall(b"from inside")
"""


@contextmanager
def jailed(uid=None):
    """The host's pid of the first process of a network of its own, made by `uid`; it connects to
    port 443 once it is told to, with `tell`."""
    info, told = os.pipe()
    command = [
        *(
            find_equipment(bubblewrap_path="", sandbox_python="").bwrap,
            "--unshare-user",
            "--unshare-net",
            "--unshare-pid",
            "--as-pid-1",
        ),
        *("--ro-bind", "/", "/", "--proc", "/proc", "--die-with-parent"),
        *("--info-fd", str(told), "--", PYTHON, "-I", "-S", "-c", CALLER),
    ]
    with (
        open(info, "rb", buffering=0) as source,  # noqa: PTH123
        subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=(told,), user=uid, group=uid, cwd="/"
        ) as process,
    ):
        os.close(told)
        try:
            yield read_init_pid(source), process.stdin
        finally:
            process.kill()


def says(listener, tell):
    tell.write(b"go\n")
    tell.flush()
    with listener:
        listener.settimeout(10)
        connection, _ = listener.accept()
        with connection:
            return connection.recv(100)


def ask_opener(uid, pid):
    """What an opener that `uid` runs answers: its words, and a listener or None."""
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with own, other:
        command = [PYTHON, "-I", "-S", opener.__file__, str(other.fileno())]
        process = subprocess.Popen(
            command,
            pass_fds=(other.fileno(),),
            user=uid,
            group=uid,
            extra_groups=[] if IS_ROOT else None,
            cwd="/",
        )
        other.close()
        own.settimeout(10)
        own.send(json.dumps({"pid": pid, "tcp": [443], "udp": []}).encode())
        answer, descriptors, _, _ = socket.recv_fds(own, 1000, 4)
    process.wait(10)
    return answer.decode(), *(socket.socket(fileno=number) for number in descriptors)


def test_a_worker_listens_inside_its_sandboxes_network():
    with jailed() as (pid, tell):
        listener, endpoint = open_inside(pid, tcp=[443], udp=[53])
        endpoint.close()
        assert says(listener, tell) == b"from inside"


@pytest.mark.parametrize("maker", [ORDINARY, OTHER])
def test_a_worker_enters_as_the_user_who_made_the_sandbox(maker):
    with jailed(maker) as (pid, tell):
        (listener,) = open_inside(pid, tcp=[443], udp=[])
        assert says(listener, tell) == b"from inside"


def test_an_ordinary_user_enters_what_it_has_made():
    with jailed(ORDINARY) as (pid, tell):
        answer, listener = ask_opener(ORDINARY, pid)
        assert answer == "ok"
        assert says(listener, tell) == b"from inside"


def test_an_ordinary_user_does_not_enter_what_another_has_made():
    with jailed(OTHER) as (pid, _):
        answer, *sockets = ask_opener(ORDINARY, pid if IS_ROOT else 1)
        assert answer.startswith("PermissionError")
        assert sockets == []


def test_what_cannot_be_opened_is_said_and_the_next_can():
    with jailed() as (pid, tell):
        held = open_inside(pid, tcp=[443], udp=[])
        with pytest.raises(NoWayIn, match="Address already in use"):
            open_inside(pid, tcp=[443], udp=[])
        assert says(*held, tell) == b"from inside"


def test_an_opener_that_has_died_is_started_again():
    with jailed() as (pid, tell):
        asking = Opener()
        try:
            asking.open(pid, tcp=[80], udp=[])[0].close()
            asking._process.kill()
            asking._process.wait()
            assert says(*asking.open(pid, tcp=[443], udp=[]), tell) == b"from inside"
        finally:
            asking.close()


def test_an_opener_ends_with_its_worker():
    asking = Opener()
    with jailed() as (pid, _):
        asking.open(pid, tcp=[80], udp=[])[0].close()
    asking._channel.close()
    assert asking._process.wait(10) == 0
    asking.close()
