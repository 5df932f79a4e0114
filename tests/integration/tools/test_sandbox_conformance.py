"""What every sandbox does alike, whoever the worker is."""

import json
import os
import tempfile
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.runners.guarantees import GUARANTEES
from tests.integration.tools.processes import processes_with
from tests.integration.tools.sandboxes import (
    ORDINARY_USER,
    ROOT,
    Here,
    InContainer,
    OfOrdinaryUser,
    ordinary_python,
)

MEGABYTE = 1 << 20
WORKERS = {("bubblewrap", "this user"): Here, ("lite", "this user"): Here}
if ordinary_python():
    WORKERS |= {(name, "an ordinary user"): OfOrdinaryUser for name in ("bubblewrap", "lite")}
    WORKERS |= {("lite", "root in a container"): InContainer}


CASES = [
    pytest.param(case, id=" of ".join(case), marks=[pytest.mark.thorough] * (worker is not Here))
    for case, worker in WORKERS.items()
]


@pytest.fixture(scope="module", params=CASES)
def sandbox(request):
    name, worker = request.param
    with tempfile.TemporaryDirectory() as folder:
        if worker == "an ordinary user":
            os.chown(folder, ORDINARY_USER, ORDINARY_USER)
        Path(folder).chmod(0o711)
        made = WORKERS[request.param](name, Path(folder) / "lite")
        yield made
        made.close()


def test_every_guarantee_holds(sandbox):
    assert GUARANTEES.keys() - sandbox.prove() == set()


def test_a_program_is_run(sandbox):
    ran = sandbox.run("import sys; print(sys.stdin.read() * 2); sys.exit(3)", stdin="in")
    assert (ran.status, ran.exit_code, ran.stdout) == ("error", 3, "inin\n")


def test_a_node_program_is_run(sandbox):
    ran = sandbox.run(
        "const fs = require('fs'); fs.writeFileSync('/box/artifacts/a', fs.readFileSync(0));\n"
        "console.log(require('child_process').execSync('echo 5').toString());",
        language="node",
        stdin="in",
    )
    assert (ran.stderr, ran.stdout, ran.files) == ("", "5\n\n", {"a": "in"})


def test_a_work_folder_goes_on_in_the_next_call(sandbox):
    first = sandbox.run(
        "import os; os.mkdir('a'); open('a/b', 'w').write('x')", keeps_workspace=True
    )
    ran = sandbox.run(
        "print(open('/box/a/b').read()); open('a/b', 'a').write('y')", workspace=first.workspace
    )
    assert (ran.stderr, ran.stdout) == ("", "x\n")


def test_what_a_call_installs_for_its_user_does_not_run_before_the_next_one(sandbox):
    first = sandbox.run(
        "import os, site\n"
        "folder = site.getusersitepackages(); os.makedirs(folder)\n"
        "open(folder + '/usercustomize.py', 'w').write('print(1)')",
        keeps_workspace=True,
    )
    ran = sandbox.run("print(2)", workspace=first.workspace)
    assert (first.stderr, ran.stdout) == ("", "2\n")


def test_an_exception_is_told(sandbox):
    ran = sandbox.run("raise ValueError('the column is empty')")
    assert (ran.status, ran.exit_code) == ("error", 1)
    assert "ValueError: the column is empty" in ran.stderr


@pytest.mark.parametrize("folder", ["inputs", "/box/inputs"])
def test_inputs_can_be_read_and_not_changed(sandbox, folder):
    ran = sandbox.run(
        f"path = '{folder}/a b.txt'\n"
        "import os\n"
        "for change in (lambda: open(path, 'a'), lambda: os.unlink(path)):\n"
        "    try: change(); print('done')\n"
        "    except OSError: print('refused')\n"
        "print(open(path).read())",
        inputs={"a b.txt": "kept"},
    )
    assert ran.stdout.split() == ["refused", "refused", "kept"]


@pytest.mark.parametrize("folder", ["artifacts", "/box/artifacts"])
def test_what_lies_in_the_artifact_folder_is_kept(sandbox, folder):
    ran = sandbox.run(
        "import os, shutil\n"
        f"os.mkdir('{folder}/data')\n"
        f"open('{folder}/data/a.csv', 'w').write('a')\n"
        f"shutil.copy('{folder}/data/a.csv', '{folder}/b.csv')\n"
        "open('elsewhere', 'w').write('not kept')\n"
    )
    assert (ran.stderr, ran.files) == ("", {"b.csv": "a", "data/a.csv": "a"})


def test_subprocesses_find_the_work_folder_too(sandbox):
    ran = sandbox.run(
        "import subprocess, sys\n"
        'program = \'open("/box/artifacts/a", "w").write("a"); print(5)\'\n'
        "print(subprocess.run([sys.executable, '-c', program], capture_output=True).stdout)"
    )
    assert (ran.stdout, ran.files) == ("b'5\\n'\n", {"a": "a"})


def test_the_standard_library_works(sandbox):
    ran = sandbox.run(
        "import asyncio, csv, decimal, json, re, sqlite3, statistics, tempfile, threading\n"
        "import zipfile, zoneinfo\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    with zipfile.ZipFile(folder + '/a.zip', 'w') as archive: archive.writestr('a', 'b')\n"
        "    with zipfile.ZipFile(folder + '/a.zip') as archive: archive.extractall(folder)\n"
        "    sqlite3.connect(folder + '/a.db').execute('create table a (b)')\n"
        "thread = threading.Thread(target=print, args=('hi',)); thread.start(); thread.join()\n"
        "async def main():\n"
        "    child = await asyncio.create_subprocess_exec('echo', 'ho')\n"
        "    print(await child.wait())\n"
        "asyncio.run(main())"
    )
    assert (ran.stderr, ran.stdout.split()) == ("", ["hi", "ho", "0"])


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


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import signal\n"
        "for number in (1, 2, 3, 13, 15): signal.signal(number, signal.SIG_IGN)\n"
        "while True: signal.pause()",
        "import os, time; os.close(1); os.close(2); time.sleep(60)",
    ],
)
def test_the_wall_clock_ends_a_program(sandbox, program):
    ran = sandbox.run("print('up', flush=True)\n" + program, limits={"wall_seconds": 0.6})
    assert (ran.status, ran.stdout) == ("timeout", "up\n")


def test_a_stopped_call_dies(sandbox):
    ran = sandbox.run("import time; time.sleep(60)", stop_after=0.2)
    assert ran.status == "killed"


def test_one_hog_runs_out_of_memory(sandbox):
    ran = sandbox.run(
        "x = b'x' * (300 << 20)",
        limits={"memory_bytes": 200 * MEGABYTE, "process_bytes": 200 * MEGABYTE},
    )
    assert ran.status == "memory_exceeded"


def test_many_small_hogs_are_stopped_together(sandbox):
    program = (
        "import os, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        x = b'x' * (40 << 20); time.sleep(60)\n"
        "time.sleep(60)"
    )
    assert sandbox.run(program, limits={"memory_bytes": 160 * MEGABYTE}).status == "memory_exceeded"


def test_the_work_folder_is_bounded(sandbox):
    program = "f = open('/box/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))"
    limits = {"work_bytes": 16 * MEGABYTE, "file_bytes": 64 * MEGABYTE}
    assert sandbox.run(program, limits=limits).status == "disk_exceeded"


def test_a_flood_of_tiny_files_is_stopped(sandbox):
    program = "i = 0\nwhile True: open(f'/box/{i}', 'w').close(); i += 1"
    assert sandbox.run(program, limits={"inodes": 1000}).status == "disk_exceeded"


def test_a_fork_bomb_stays_inside(sandbox):
    program = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    ran = sandbox.run(program, limits={"wall_seconds": 1.5, "processes": 40})
    assert ran.status in {"timeout", "memory_exceeded"}
    assert sandbox.run("print(1)").stdout == "1\n"


def test_a_gigabyte_of_output_is_cut(sandbox):
    ran = sandbox.run("import sys\nfor _ in range(1024): sys.stdout.write('x' * (1 << 20))")
    assert (ran.status, len(ran.stdout)) == ("output_exceeded", MEGABYTE)


def test_only_regular_files_are_artifacts(sandbox):
    ran = sandbox.run(
        "import os\n"
        "os.chdir('/box/artifacts')\n"
        "os.symlink('/etc/passwd', 'link'); os.symlink('/', 'folder'); os.mkfifo('fifo')\n"
        "open('one', 'w').write('1'); os.link('one', 'two')\n"
        "os.mkdir('deep'); open('deep/kept.txt', 'w').write('kept')\n"
    )
    assert (ran.stderr, ran.files, ran.skipped_files) == ("", {"deep/kept.txt": "kept"}, 5)


def test_an_artifact_folder_replaced_by_a_link_yields_nothing(sandbox):
    ran = sandbox.run("import os\nos.rmdir('artifacts'); os.symlink('/etc', 'artifacts')")
    assert (ran.status, ran.files) == ("ok", {})


def test_a_tower_of_folders_is_no_trap(sandbox):
    ran = sandbox.run("import os\nfor _ in range(2000): os.mkdir('d'); os.chdir('d')")
    assert ran.status in {"ok", "disk_exceeded"}


@pytest.mark.parametrize("way", ["start_new_session=True", "process_group=0", "close_fds=False"])
def test_a_daemon_does_not_outlive_its_program(sandbox, way):
    marker = f"daemon-{os.getpid()}"
    ran = sandbox.run(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', "
        f"{marker!r}], {way})\n"
        "print(1)"
    )
    assert (ran.status, ran.stdout) == ("ok", "1\n")
    assert processes_with(marker) == []


def test_use_is_measured(sandbox):
    ran = sandbox.run(
        "import time\n"
        "x = b'x' * (64 << 20)\n"
        "end = time.process_time() + .3\n"
        "while time.process_time() < end: pass"
    )
    assert ran.cpu_ms >= 200
    assert ran.peak_memory_bytes >= 64 << 20


def test_two_calls_share_nothing(sandbox):
    look = (
        "import os, tempfile; print(os.listdir(tempfile.gettempdir()), sorted(os.listdir('/box')))"
    )
    before = sandbox.run(look).stdout
    sandbox.run("import tempfile\ntempfile.mkstemp(); open('/box/left', 'w').write('x')")
    assert sandbox.run(look).stdout == before == "[] ['artifacts', 'inputs']\n"


def test_nothing_is_left_of_a_call(sandbox):
    sandbox.run("import os\nos.mkdir('a', 0)\nos.fork()\nopen('b', 'w').write('x')")
    kept = [path.name for path in sandbox.folder.glob("[!.]*") if path.suffix != ".lock"]
    assert kept == []
    assert str(sandbox.folder) not in Path("/proc/mounts").read_text()


def test_nothing_survives_a_worker_that_is_killed(sandbox, tmp_path):
    marker = f"orphan-{os.getpid()}"
    program = (
        "import os, subprocess, sys\n"
        "if os.fork() == 0: os.setsid()\n"
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', "
        f"{marker!r}])"
    )
    folder = sandbox.folder
    wanted = json.dumps({"program": program})
    script = (
        "import json\n"
        "from tests.integration.tools.sandboxes import make_sandbox, run_job\n"
        f"run_job(make_sandbox({sandbox.name!r}, {str(folder)!r}), json.loads({wanted!r}))"
    )
    worker = sandbox.start(["-c", script])
    try:
        wait_for(
            lambda: len(processes_with("sleep(600)\0" + marker)) > 1,
            timeout_seconds=30,
            what="the program",
        )
    finally:
        worker.kill()
        worker.wait()
    wait_for(lambda: not processes_with(marker), timeout_seconds=10, what="its end")
    wait_for(lambda: "/lite/6" not in str([*folder.glob("*/box")]), timeout_seconds=10, what="tidy")
