"""Each jail has a user of its own, which the thread that starts it is for that moment."""

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.process import as_user, new_user
from apps.tools.runners.confine.supervise import supervise
from apps.tools.runners.limits import Limits


def users(thread="thread-self"):
    """The real, effective and file system's user and group of a thread, and its other groups."""
    lines = Path(f"/proc/{thread}/status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return [(told[name].split()[0], told[name].split()[1]) for name in ("Uid", "Gid")], told[
        "Groups"
    ].split()


def test_only_this_thread_is_the_jails_user_and_only_for_the_block():
    before = users()
    main = f"self/task/{threading.get_native_id()}"
    found = {}
    user = new_user()

    def act():
        with as_user(user):
            found["inside"] = users()
            found["main"] = users(main)
        found["after"] = users()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    other = str(user)
    expected = ([(other, other)] * 2, []) if os.geteuid() == 0 else before
    assert found == {"inside": expected, "main": before, "after": before}


def test_an_error_in_the_block_ends_it_too():
    before = users()
    try:
        with as_user(new_user()):
            raise RuntimeError
    except RuntimeError:
        assert users() == before


HOLD = """
import socket, time
pairs = [socket.socketpair() for _ in range(5)]
try:
    for one, _ in pairs:
        for _ in range(30):
            socket.send_fds(one, [b"x"], [0] * 200)
except OSError as error:
    print("holds all that it may", flush=True)
    time.sleep(600)
"""
SEND = "import socket; pair = socket.socketpair(); socket.send_fds(pair[0], [b'x'], [0])"


@pytest.fixture
def make_cell():
    equipment = find_equipment(bubblewrap_path="", sandbox_python="")
    kind = Kind(bwrap=equipment.bwrap, interpreter=equipment.python, limits=Limits())
    with ExitStack() as held:
        yield lambda: held.enter_context(Cell(kind, equipment.groups))


def test_no_jail_takes_what_the_kernel_counts_by_user_from_another(make_cell):
    one, other = make_cell(), make_cell()
    one.begin(program=HOLD.encode())
    assert one.process.stdout.readline() == b"holds all that it may\n"
    other.begin(program=SEND.encode())
    ended = supervise(other, Limits(), threading.Event())
    # Where the worker is no root, jails are of its user, and share what that may have.
    assert ended.exit_code == (0 if os.geteuid() == 0 else 1), ended.stderr
