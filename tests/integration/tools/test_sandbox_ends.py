"""How programs end in every sandbox: at a limit, when stopped, with their worker; tidily."""

import json
import os
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from tests.integration.tools.every_sandbox import sandbox as sandbox
from tests.integration.tools.processes import processes_with

MEGABYTE = 1 << 20


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
    ran = sandbox.run("print('up', flush=True)\n" + program, limits={"wall_seconds": 1.0})
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


def test_use_is_measured(sandbox):
    ran = sandbox.run(
        "import time\n"
        "x = b'x' * (64 << 20)\n"
        "end = time.process_time() + .3\n"
        "while time.process_time() < end: pass"
    )
    assert ran.cpu_ms >= 200
    assert ran.peak_memory_bytes >= 64 << 20


def test_the_memory_of_a_program_that_ends_at_once_is_told(sandbox):
    assert sandbox.run("pass").peak_memory_bytes > MEGABYTE


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
