"""What hostile programs try, and what must hold whatever they try."""

import pytest

from tests.security.places import cases_of
from tests.security.programs import find_programs

PROGRAMS = find_programs("hostile")
BITING = [program for program in PROGRAMS if program.reaches_unjailed]
_GRACE_SECONDS = 8.0


@pytest.mark.parametrize(("place", "program"), cases_of(PROGRAMS))
def test_it_is_held(battery_in, place, program):
    ended = battery_in(place).answer(program)
    said = ended["stdout"] + ended["stderr"]
    assert ended["reached"] == []
    assert ended["leaks"] == []
    assert ended["left"] == []
    assert ended["torn_files"] == []
    assert ended["status"] in program.statuses, said
    assert program.says in said, said
    assert program.allows_files(ended["files"]), ended["files"]
    assert ended["seconds"] < program.limits.wall_seconds + _GRACE_SECONDS


@pytest.mark.parametrize(("place", "biting"), cases_of(BITING))
def test_outside_a_sandbox_it_reaches_what_it_wants(battery_in, place, biting):
    ended = battery_in(place).answer(biting, jailed=False)
    assert ended["reached"], ended["stderr"]
