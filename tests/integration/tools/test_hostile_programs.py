"""What untrusted programs try, and what becomes of it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for


def processes_with(marker):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if marker.encode() in command and path.parent.name != str(os.getpid()):
            found.append(path.parent.name)
    return found


@pytest.mark.parametrize(
    "path",
    ["/etc/shadow", "/root", "/home", "/var", "/proc/1/root/root", "/sys", __file__],
)
def test_the_hosts_files_are_not_there(code, path):
    ran = code(f"import os; print(os.path.exists({path!r}) and os.listdir({path!r}))")
    assert ran.status in {"ok", "error"}
    assert ran.value in {False, None}
    assert "False" in ran.stdout or "PermissionError" in ran.stderr


def test_the_workers_environment_is_not_there(code, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    ran = code(
        "import os, pathlib\n"
        "print(dict(os.environ))\n"
        "for p in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        "    try: print(p.read_bytes())\n"
        "    except OSError as error: print(error)\n"
    )
    assert ran.status == "ok"
    assert "sk-secret" not in ran.stdout
    assert "DATABASE_URL" not in ran.stdout


def test_no_other_process_can_be_seen(code):
    ran = code("import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))")
    assert ran.value <= 3


def test_no_file_descriptor_of_the_worker_leaks_in(code):
    ran = code("import os; print(sorted(os.listdir('/proc/self/fd')))")
    assert ran.stdout.strip() == "['0', '1', '2', '3']"


@pytest.mark.parametrize("host", ["1.1.1.1", "127.0.0.1", "169.254.169.254"])
def test_there_is_no_network(code, host):
    ran = code(
        "import socket\n"
        "s = socket.socket(); s.settimeout(1)\n"
        f"try: s.connect(({host!r}, 55432)); print('connected')\n"
        "except OSError as error: print(error)\n"
    )
    assert "connected" not in ran.stdout


@pytest.mark.parametrize("family", ["AF_PACKET", "AF_NETLINK", "AF_VSOCK", "AF_ALG"])
def test_exotic_sockets_cannot_be_made(code, family):
    ran = code(f"import socket; socket.socket(socket.{family}, socket.SOCK_RAW)")
    assert ran.status == "error"
    assert "OSError" in ran.stderr or "AttributeError" in ran.stderr


@pytest.mark.parametrize(
    "call", ["unshare(0x10000000)", "mount(b'a', b'/tmp', b'tmpfs', 0, None)", "ptrace(0, 0, 0, 0)",
             "chroot(b'/tmp')", "memfd_create(b'x', 0)", "setns(0, 0)", "shmget(1, 4096, 512)"]
)  # fmt: skip
def test_dangerous_system_calls_are_refused(code, call):
    ran = code(
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.{call}, ctypes.get_errno() == errno.EPERM)"
    )
    assert ran.stdout.strip() == "-1 True"


def test_the_program_is_nobody_and_cannot_become_root(code):
    ran = code(
        "import os, subprocess\n"
        "print(os.getuid(), os.geteuid())\n"
        "for action in (lambda: os.setuid(0), lambda: os.chown('/box', 0, 0)):\n"
        "    try: action(); print('done')\n"
        "    except OSError as error: print('refused')\n"
    )
    assert ran.stdout.split("\n")[:3] == ["1000 1000", "refused", "refused"]


@pytest.mark.parametrize(
    "path", ["/usr/bin/x", "/etc/x", "/x", "/dev/x", "/program/x", "/proc/sys/kernel/hostname"]
)
def test_only_the_work_folders_can_be_written(code, path):
    ran = code(f"open({path!r}, 'w').write('x')")
    assert ran.status == "error"
    assert "Error" in ran.stderr


def test_inputs_cannot_be_changed(code, tmp_path):
    (tmp_path / "in").write_text("kept")
    ran = code(
        "try: open('/box/inputs/a.txt', 'w').write('x')\n"
        "except OSError as error: print(type(error).__name__)\n"
        "import os\n"
        "try: os.unlink('/box/inputs/a.txt')\n"
        "except OSError as error: print(type(error).__name__)\n"
        "print(open('/box/inputs/a.txt').read())",
        files={"a.txt": "00000000-0000-0000-0000-000000000000"},
        open_input=lambda _: (tmp_path / "in").open("rb"),
    )
    assert ran.stdout.splitlines()[-1] == "kept"
    assert (tmp_path / "in").read_text() == "kept"


def test_an_endless_loop_times_out(code):
    ran = code("while True: pass", timeout_seconds=0.5)
    assert ran.status == "timeout"
    assert "did not end in time" in ran.detail


def test_a_sleeper_that_ignores_signals_times_out(code):
    program = (
        "import signal, time\n"
        "for s in range(1, 32):\n"
        "    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except OSError: pass\n"
        "print('up')\n"
        "while True: signal.pause()"
    )
    ran = code(program, timeout_seconds=0.5)
    assert ran.status == "timeout"
    assert ran.stdout == "up\n"


def test_a_memory_hog_is_stopped(code):
    assert code("x = b'x' * (3 << 30)").status == "memory_exceeded"


def test_many_small_hogs_are_stopped_together(code):
    program = (
        "import os, time\n"
        "for _ in range(40):\n"
        "    if os.fork() == 0:\n"
        "        x = b'x' * (100 << 20); time.sleep(60)\n"
        "time.sleep(60)"
    )
    ran = code(program, timeout_seconds=30)
    assert ran.status == "memory_exceeded"


def test_files_in_memory_are_bounded(code):
    ran = code(
        "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", timeout_seconds=20
    )
    assert ran.status == "disk_exceeded"


def test_a_flood_of_tiny_files_is_stopped(code):
    ran = code("i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close(); i += 1", timeout_seconds=30)
    assert ran.status == "disk_exceeded"


def test_a_fork_bomb_stays_inside(code):
    program = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    ran = code(program, timeout_seconds=2)
    assert ran.status in {"timeout", "memory_exceeded"}
    assert code("print(1)").value == 1


def test_a_gigabyte_of_output_is_cut(code):
    program = "import sys\nfor _ in range(1024): sys.stdout.write('x' * (1 << 20))"
    ran = code(program, timeout_seconds=20)
    assert ran.status == "output_exceeded"
    assert len(ran.stdout) == 1 << 20


def test_binary_output_and_lone_surrogates_are_harmless(code):
    program = (
        "import sys\n"
        "sys.stdout.buffer.write(bytes(range(256)) + b'\\n')\n"
        "sys.stdout.flush()\n"
        "print('\"\\\\ud800 \\\\u0000\"')"
    )
    assert code(program).status == "ok"


def test_a_deeply_nested_last_line_is_no_value(code):
    ran = code("print('[' * 200000)")
    assert ran.status == "ok"
    assert ran.value is None


def test_links_fifos_and_devices_are_no_artifacts(code):
    program = (
        "import os, socket\n"
        "os.chdir('/box/artifacts')\n"
        "os.symlink('/etc/passwd', 'link')\n"
        "os.symlink('/', 'folder')\n"
        "os.mkfifo('fifo')\n"
        "socket.socket(socket.AF_UNIX).bind('socket')\n"
        "open('one', 'w').write('1'); os.link('one', 'two')\n"
        "os.mkdir('deep'); open('deep/kept.txt', 'w').write('kept')\n"
    )
    ran = code(program)
    assert ran.status == "ok"
    assert [(file.name, file.content.read()) for file in ran.files] == [("deep/kept.txt", b"kept")]


def test_an_artifact_folder_replaced_by_a_link_yields_nothing(code):
    program = "import os\nos.rmdir('/box/artifacts'); os.symlink('/etc', '/box/artifacts')"
    ran = code(program)
    assert ran.status == "ok"
    assert ran.files == ()


def test_artifacts_are_bounded_in_number_and_size(code):
    program = (
        "for i in range(300): open(f'/box/artifacts/{i:03}', 'w').write('x')\n"
        "with open('/box/artifacts/000-large', 'wb') as f: f.truncate(101 << 20)"
    )
    ran = code(program)
    assert len(ran.files) == 200
    assert "000-large" not in {file.name for file in ran.files}


def test_a_folder_tower_ends_the_harvest_not_the_worker(code):
    program = (
        "import os\nos.chdir('/box/artifacts')\nfor _ in range(300): os.mkdir('d'); os.chdir('d')"
    )
    assert code(program).status == "ok"


def test_a_daemon_does_not_outlive_its_program(code):
    marker = f"daemon-{os.getpid()}"
    program = (
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', "
        f"{marker!r}], start_new_session=True)\n"
        "print(1)"
    )
    assert code(program).status == "ok"
    assert processes_with(marker) == []


def test_closing_its_outputs_does_not_free_a_program(code):
    ran = code("import os, time\nos.close(1); os.close(2); time.sleep(60)", timeout_seconds=0.5)
    assert ran.status == "timeout"


def test_a_stopped_call_dies_soon(code):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    ran = code("import time; time.sleep(60)", timeout_seconds=30, stop=stop)
    assert ran.status == "killed"


def test_nothing_survives_a_worker_that_is_killed(tmp_path):
    marker = f"orphan-{os.getpid()}"
    script = (
        "import threading\n"
        "from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox\n"
        "from apps.tools.runners.sandbox import Job\n"
        f'program = \'import subprocess, sys; subprocess.run([sys.executable, "-c", '
        f'"import time; time.sleep(600)", "{marker}"])\'\n'
        "job = Job(language='python', program=program)\n"
        "BubblewrapSandbox().run(job, stop=threading.Event())\n"
    )
    root = Path(__file__).parents[3]
    (tmp_path / "worker.py").write_text(script)
    worker = subprocess.Popen(
        [sys.executable, str(tmp_path / "worker.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
    )
    try:
        started = wait_for(
            lambda: [
                pid
                for pid in processes_with(marker)
                if b"time.sleep(600)\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
            ],
            timeout_seconds=20,
            what="the program",
        )
        assert started
    finally:
        worker.kill()
        worker.wait()
    wait_for(lambda: not processes_with(marker), timeout_seconds=5, what="its end")


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("const a = []; while (true) a.push(new Array(1e6).fill(7.7))", "memory_exceeded"),
        ("const a = []; while (true) a.push(Buffer.alloc(50e6, 1))", "memory_exceeded"),
        ("const fs = require('fs'); while (true) fs.appendFileSync('x', 'x'.repeat(1 << 20))",
         "disk_exceeded"),
        ("const go = () => process.stdout.write('x'.repeat(1 << 16), go); go()", "output_exceeded"),
        ("while (true) {}", "timeout"),
        ("process.kill(process.pid, 'SIGKILL')", "killed"),
        ("process.exit(3)", "error"),
    ],
)  # fmt: skip
def test_a_limit_has_its_name_in_node_too(code, program, status):
    seconds = 1 if status == "timeout" else 20
    ran = code(f"console.log('up');\n{program}", language="node", timeout_seconds=seconds)
    assert ran.status == status
    assert ran.stdout.startswith("up\n")
