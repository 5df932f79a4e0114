"""A process is gone only when this machine knows."""

import subprocess
import sys

from agentplatform.core.processes import is_gone, this_process

NAME = "from agentplatform.core.processes import this_process; print(this_process(), flush=True)"


def test_this_process_is_there() -> None:
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone_and_one_that_waits_is_not() -> None:
    program = f"{NAME}; input()"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert not is_gone(name)
    process.communicate("\n", timeout=30)
    assert is_gone(name)


def test_a_process_whose_number_another_one_has_is_gone() -> None:
    place, _, started = this_process().rpartition("@")
    assert is_gone(f"{place}@{int(started) + 1}")


def test_of_another_machine_nothing_is_known() -> None:
    assert not is_gone("elsewhere/pid:[1]/1@1")


def test_a_name_that_says_nothing_is_of_nobody_known() -> None:
    assert not is_gone("")
    assert not is_gone("elsewhere/1")
