"""What the code tool is for."""

import json
import uuid

import pytest

from apps.tools.runners.code import run_code
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.works import make_work


def test_the_last_line_is_the_value_when_it_is_json(code):
    ran = code("print('working'); import json; print(json.dumps({'rows': 3}))")
    assert ran.status == "ok"
    assert ran.value == {"rows": 3}
    assert ran.stdout == 'working\n{"rows": 3}\n'
    assert ran.exit_code == 0


def test_text_is_output_without_a_value(code):
    ran = code("print('hello')")
    assert (ran.value, ran.stdout) == (None, "hello\n")


@pytest.mark.parametrize("given", [None, 7, "ü", [1, {"a": None}], {"rows": list(range(1000))}])
def test_the_input_arrives_on_standard_input(code, given):
    ran = code("import json, sys; print(json.dumps(json.load(sys.stdin)))", input=given)
    assert ran.value == given


def test_without_input_there_is_null(code):
    assert code("import sys; print(sys.stdin.read())").stdout == "null\n"


def test_a_file_of_the_tenant_can_be_read(code):
    table = b"a,b\n1,2\n3,4\n"
    ran = code(
        "import csv\n"
        "rows = csv.DictReader(open('inputs/my data.csv'))\n"
        "print(sum(int(row['b']) for row in rows))",
        files={"my data.csv": {"artifact_id": str(uuid.uuid4())}},
        open_input=lambda _: sealed_file(table),
    )
    assert ran.value == 6


@pytest.mark.parametrize(
    "wanted", ["no-id", "0192f5a0-0000-7000-8000-000000000000", {"artifact_id": "x"}]
)
def test_an_unknown_file_is_named(code, wanted):
    with pytest.raises(ToolFailure, match=r"arguments\.files\.a\.csv: there is no artifact"):
        code("print(1)", files={"a.csv": wanted})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\nb", "x" * 201, "ä" * 128])
def test_a_file_name_with_a_path_is_refused(code, name):
    with pytest.raises(ToolFailure, match="is no file name"):
        code("print(1)", files={name: str(uuid.uuid4())})


def test_files_left_in_the_artifact_folder_are_kept(code):
    ran = code(
        "import os, pathlib\n"
        "pathlib.Path('artifacts/chart.svg').write_text('<svg/>')\n"
        "pathlib.Path('/box/artifacts/data').mkdir()\n"
        "pathlib.Path('/box/artifacts/data/out.csv').write_text('a')\n"
        "pathlib.Path('elsewhere.txt').write_text('not kept')"
    )
    assert [file.name for file in ran.files] == ["chart.svg", "data/out.csv"]


def test_an_exception_is_an_error_with_its_last_words(code):
    ran = code("raise ValueError('the column is empty')")
    assert ran.status == "error"
    assert ran.exit_code == 1
    assert ran.detail.startswith("The program ended with exit code 1. Its last words: ")
    assert "ValueError: the column is empty" in ran.detail


def test_the_signal_that_has_ended_a_program_is_named(code):
    ran = code("import ctypes\nctypes.string_at(0)")
    assert (ran.status, ran.exit_code) == ("error", 139)
    assert ran.detail == "The program ended with exit code 139 (SIGSEGV)."


def test_last_words_begin_with_a_whole_line(code):
    ran = code(
        "import sys\nfor n in range(99): print(f'line {n} ends', file=sys.stderr)\nsys.exit(1)"
    )
    said = ran.detail.partition("Its last words: ")[2]
    assert said.startswith("line ")
    assert said.endswith("line 98 ends")


@pytest.mark.parametrize(
    ("language", "program"),
    [
        ("python", "import urllib.request; urllib.request.urlopen('https://example.org')"),
        ("python", "import socket; socket.create_connection(('1.1.1.1', 443))"),
        ("node", "fetch('https://example.org')"),
    ],
)
def test_a_program_without_the_network_it_wants_is_told_how_to_get_it(code, language, program):
    ran = code(program, language=language)
    assert ran.status == "error"
    assert "set `network` to true" in ran.detail


def test_a_syntax_error_is_an_error(code):
    assert "SyntaxError" in code("def").stderr


@pytest.mark.parametrize(("outer", "inner"), [(0.4, 60), (60, 0.4)])
def test_the_shorter_time_limit_counts(code, outer, inner):
    given = {"program": "import time; time.sleep(30)", "timeout_seconds": inner}
    assert run_code(make_work(given, timeout_seconds=outer)).status == "timeout"


def test_the_standard_library_is_there(code):
    program = (
        "import csv, decimal, json, math, multiprocessing, re, sqlite3, statistics, subprocess\n"
        "import tempfile, threading, zoneinfo\n"
        "tempfile.NamedTemporaryFile().write(b'x')\n"
        "thread = threading.Thread(target=print, args=('hi',)); thread.start(); thread.join()\n"
        "print(json.dumps(statistics.mean([1, 2, 3])))"
    )
    assert code(program).value == 2


def test_subprocesses_work(code):
    program = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-c', 'print(5)']\n"
        "print(subprocess.run(command, capture_output=True, text=True).stdout)"
    )
    assert code(program).value == 5


def test_use_is_measured(code):
    ran = code(
        "import time\n"
        "x = b'x' * (64 << 20)\n"
        "end = time.process_time() + .5\n"
        "while time.process_time() < end: pass"
    )
    assert ran.cpu_ms >= 200
    assert ran.peak_memory_bytes >= 64 << 20


def test_two_calls_share_nothing(code):
    code("open('/tmp/left', 'w').write('x'); open('/box/left', 'w').write('x')")
    ran = code("import os, json; print(json.dumps([os.listdir('/tmp'), os.listdir('/dev/shm')]))")
    assert json.loads(ran.stdout) == [[], []]


def node(code, program, **arguments):
    return code(program, language="node", **arguments)


def test_a_node_program_reads_its_input_and_leaves_artifacts(code):
    ran = node(
        code,
        "const fs = require('node:fs');\n"
        "const rows = JSON.parse(fs.readFileSync(0, 'utf8'));\n"
        "fs.writeFileSync('artifacts/out.csv', rows.join(','));\n"
        "console.log(JSON.stringify({sum: rows.reduce((a, b) => a + b)}))",
        input=[1, 2, 3],
    )
    assert (ran.status, ran.value, ran.exit_code) == ("ok", {"sum": 6}, 0)
    assert [(file.name, file.content.read()) for file in ran.files] == [("out.csv", b"1,2,3")]


def test_a_node_program_may_be_a_module(code):
    program = (
        "import fs from 'node:fs';\nconsole.log(await Promise.resolve(typeof fs.readFileSync))"
    )
    assert node(code, program).stdout == "function\n"


def test_a_node_program_may_use_threads_and_children(code):
    program = (
        "const {Worker} = require('node:worker_threads');\n"
        "const {fork, execFileSync} = require('node:child_process');\n"
        "const fs = require('node:fs');\n"
        "fs.writeFileSync('child.js', 'process.send(process.argv.length)');\n"
        "const told = [];\n"
        "const tell = one => { told.push(one); if (told.length == 2) {\n"
        "  told.push(execFileSync(process.execPath, ['-p', '40 + 2']).toString().trim());\n"
        "  console.log(JSON.stringify(told.map(String).sort())); } };\n"
        "new Worker('require(\"worker_threads\").parentPort.postMessage(7)', {eval: true})\n"
        "  .on('message', tell);\n"
        "fork('child.js').on('message', tell);"
    )
    assert node(code, program).value == ["2", "42", "7"]


def test_an_uncaught_error_of_node_is_an_error_with_its_place(code):
    ran = node(code, "\nthrow new Error('the column is empty')")
    assert (ran.status, ran.exit_code) == ("error", 1)
    assert "/program/main.js:2" in ran.stderr
    assert "the column is empty" in ran.detail


def test_a_program_sees_nothing_of_how_it_was_started(code, settings, tmp_path):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"sandbox_packages": tmp_path})
    python = code(
        "import json, os, sys\n"
        "print(json.dumps([sys.argv, sys.path[0], __file__, __name__, sorted(os.environ)]))"
    )
    expected = ["/program/main.py", "__main__", ["HOME", "LANG", "PATH", "PWD"]]
    *told, environment = python.value
    assert told == [["/program/main.py"], "/program", "/program/main.py", "__main__"]
    assert set(environment) == {*expected[2], "TMPDIR", "PYTHONDONTWRITEBYTECODE"}
    ran = node(code, "console.log(JSON.stringify([process.argv.slice(1), process.env]))")
    arguments, environment = ran.value
    assert arguments == ["/program/main.js"]
    assert set(environment) == {*expected[2], "TMPDIR"}
