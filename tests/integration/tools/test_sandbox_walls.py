"""What programs cannot see, reach or do in any sandbox."""

import os

from apps.tools.runners.guarantees import GUARANTEES
from tests.integration.tools.every_sandbox import sandbox as sandbox
from tests.integration.tools.sandboxes import (
    ROOT,
)


def test_every_guarantee_holds(sandbox):
    assert GUARANTEES.keys() - sandbox.prove() == set()


def test_nothing_is_told_of_the_worker(sandbox):
    ran = sandbox.run(
        "import json, os, pathlib\n"
        "told = [dict(os.environ).__repr__()]\n"
        "for path in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        "    try: told.append(repr(path.read_bytes()))\n"
        "    except OSError: pass\n"
        "print(told)"
    )
    assert "PATH" in ran.stdout
    assert str(ROOT) not in ran.stdout
    assert "DATABASE" not in ran.stdout


def test_no_descriptor_of_the_worker_leaks_in(sandbox):
    ran = sandbox.run(
        "import os\n"
        "def is_open(number):\n"
        "    try: return bool(os.fstat(number))\n"
        "    except OSError: return False\n"
        "print([number for number in range(600) if is_open(number) and number != 100])"
    )
    assert ran.stdout == "[0, 1, 2]\n"


def test_the_hosts_files_cannot_be_read(sandbox):
    paths = ["/etc/shadow", "/root", "/home", "/var/log", "/proc/1/root/root", str(ROOT), __file__]
    ran = sandbox.run(
        "import os\n"
        f"for path in {paths}:\n"
        "    for look in (os.listdir, open):\n"
        "        try: look(path); print('seen', path)\n"
        "        except OSError: pass\n"
        "print('looked')"
    )
    assert ran.stdout == "looked\n"


def test_only_the_work_folders_can_be_written(sandbox):
    folders = ["/usr/bin", "/etc", "/", "/dev", "/proc", "/var/tmp", "/proc/sys/kernel"]
    ran = sandbox.run(
        f"for path in {folders}:\n"
        "    try: open(path + '/hostname', 'w'); print('written', path)\n"
        "    except OSError: pass\n"
        "print('tried')"
    )
    assert ran.stdout == "tried\n"


def test_no_other_process_is_reached(sandbox):
    ran = sandbox.run(
        "import os\n"
        f"for pid in (1, {os.getpid()}, {sandbox.pid}, os.getppid()):\n"
        "    if pid in (0, os.getpid()): continue\n"
        "    try: os.kill(pid, 9); print('done', pid)\n"
        "    except OSError: pass\n"
        "try: os.kill(-1, 15)\n"
        "except OSError: pass"
    )
    assert "done" not in ran.stdout.replace("done 1\n", "")
    assert sandbox.run("print(1)").stdout == "1\n"


def test_there_is_no_network(sandbox):
    tries = [(1, ("127.0.0.1", 55432)), (1, ("169.254.169.254", 80)), (2, ("169.254.169.254", 53))]
    ran = sandbox.run(
        "import socket\n"
        f"for kind, address in {tries}:\n"
        "    try:\n"
        "        with socket.socket(socket.AF_INET, kind) as one:\n"
        "            one.settimeout(1); one.connect(address); one.send(b'x'); print('sent')\n"
        "    except OSError as error: print('refused')\n"
        "for family in (16, 17, 38, 40):\n"
        "    try: socket.socket(family, 3); print('made', family)\n"
        "    except OSError: print('refused')"
    )
    assert ran.stdout.split() == ["refused"] * 7


def test_dangerous_system_calls_are_refused(sandbox):
    ran = sandbox.run(
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for call in (lambda: libc.unshare(0x10000000), lambda: libc.ptrace(0, 0, 0, 0),\n"
        "             lambda: libc.mount(b'a', b'/tmp', b'tmpfs', 0, None),\n"
        "             lambda: libc.chroot(b'/tmp'), lambda: libc.setns(0, 0),\n"
        "             lambda: libc.memfd_create(b'x', 0), lambda: libc.shmget(1, 4096, 512)):\n"
        "    print(call(), ctypes.get_errno() == errno.EPERM)"
    )
    assert ran.stdout == "-1 True\n" * 7


def test_the_program_is_nobody_and_cannot_become_root(sandbox):
    ran = sandbox.run(
        "import os\n"
        "print(os.getuid() == 0)\n"
        "for action in (lambda: os.setuid(0), lambda: os.chown('artifacts', 0, 0)):\n"
        "    try: action(); print('done')\n"
        "    except OSError as error: print('refused')"
    )
    assert ran.stdout.split() == ["False", "refused", "refused"]
