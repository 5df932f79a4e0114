"""What programs may rely on, wherever they run."""

import pytest

from tests.security.places import cases_of
from tests.security.programs import find_programs


@pytest.mark.parametrize(("place", "program"), cases_of(find_programs("useful")))
def test_it_works(battery_in, place, program):
    ended = battery_in(place).answer(program)
    said = ended["stdout"] + ended["stderr"]
    assert ended["status"] in program.statuses, said
    assert program.says in said, said
    assert program.allows_files(ended["files"]), ended["files"]
    assert ended["left"] == []
