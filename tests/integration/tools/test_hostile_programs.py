"""What the tool makes of programs that behave badly. That they are held is for tests/security and
test_sandbox_walls and test_sandbox_ends."""

import pytest


@pytest.mark.parametrize(
    ("language", "program", "status", "words"),
    [
        ("python", "while True: pass", "timeout", "did not end in time"),
        ("python", "x = b'x' * (3 << 30)", "memory_exceeded", "needed more memory"),
        ("python", "import sys\nwhile True: sys.stdout.write('x' * (1 << 20))", "output_exceeded",
         "printed more"),
        ("python", "import os; os.kill(os.getpid(), 9)", "killed", "was killed"),
        ("node", "const fs = require('fs'); while (true) fs.appendFileSync('x', 'x'.repeat(1e7))",
         "disk_exceeded", "wrote more"),
        ("node", "process.exit(3)", "error", "exit code 3"),
    ],
)  # fmt: skip
def test_each_bad_end_has_its_name_and_keeps_what_was_printed(
    code, language, program, status, words
):
    first = "console.log('up');" if language == "node" else "print('up', flush=True)"
    seconds = 1.0 if status == "timeout" else 30.0
    ran = code(f"{first}\n{program}", language=language, timeout_seconds=seconds)
    assert ran.status == status
    assert words in ran.detail
    assert ran.stdout.startswith("up\n")
    assert len(ran.stdout) <= 1 << 20


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


def test_what_is_no_file_within_the_limits_is_counted_and_left(code):
    program = (
        "import os\n"
        "os.chdir('/box/artifacts')\n"
        "os.symlink('/etc/passwd', 'link'); os.mkfifo('fifo')\n"
        "for i in range(201): open(f'{i:03}', 'w').write('x')\n"
        "with open('000-large', 'wb') as f: f.truncate(101 << 20)\n"
        "os.makedirs('tower/' + 'd/' * 100)"
    )
    ran = code(program)
    assert [file.name for file in ran.files] == [f"{i:03}" for i in range(200)]
    assert "sandbox: 5 files were not kept" in ran.stderr
