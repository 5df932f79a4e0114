"""What programs may rely on, wherever they run."""

import pytest

from tests.security.programs import find_programs

PROGRAMS = find_programs("useful")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_it_works(battery, program):
    ended = battery.answer(program)
    said = ended["stdout"] + ended["stderr"]
    assert ended["status"] in program.statuses, said
    assert program.says in said, said
    assert program.allows_files(ended["files"]), ended["files"]
    assert ended["left"] == []
