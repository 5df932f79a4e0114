"""What hostile programs try, and what must hold whatever they try."""

import pytest

from tests.security.programs import find_programs

PROGRAMS = find_programs("hostile")
BITING = [program for program in PROGRAMS if program.reaches_unjailed]
_GRACE_SECONDS = 8.0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_it_is_held(battery, program):
    ended = battery.answer(program)
    said = ended["stdout"] + ended["stderr"]
    assert ended["reached"] == []
    assert ended["leaks"] == []
    assert ended["left"] == []
    assert ended["torn_files"] == []
    assert ended["status"] in program.statuses, said
    assert program.says in said, said
    assert program.allows_files(ended["files"]), said
    assert ended["seconds"] < program.limits.wall_seconds + _GRACE_SECONDS


@pytest.mark.parametrize("biting", BITING, ids=lambda program: program.name)
def test_outside_a_sandbox_it_reaches_what_it_wants(battery, biting):
    ended = battery.answer(biting, jailed=False)
    assert ended["reached"], ended["stderr"]
