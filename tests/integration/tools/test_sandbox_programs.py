"""What programs can do in every sandbox alike."""

import pytest

from tests.integration.tools.every_sandbox import sandbox as sandbox


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
