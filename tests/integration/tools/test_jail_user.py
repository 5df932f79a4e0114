"""The thread that starts a jail is the jail's user for that moment."""

import os
import threading
from pathlib import Path

from apps.tools.runners.bubblewrap.process import OUTSIDE_UID, as_jail_user


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

    def act():
        with as_jail_user():
            found["inside"] = users()
            found["main"] = users(main)
        found["after"] = users()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    other = str(OUTSIDE_UID)
    expected = ([(other, other)] * 2, []) if os.geteuid() == 0 else before
    assert found == {"inside": expected, "main": before, "after": before}


def test_an_error_in_the_block_ends_it_too():
    before = users()
    try:
        with as_jail_user():
            raise RuntimeError
    except RuntimeError:
        assert users() == before
