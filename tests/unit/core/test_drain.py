"""A worker that is told to stop gives back what did not finish."""

import subprocess
import sys
import textwrap


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_what_is_held_is_given_back_when_the_time_is_up_and_the_process_ends():
    ended = run(
        """
        import sys, threading
        from agentplatform.core import drain
        drain.LAST_SECONDS = 0.1
        @drain.gives_back
        def broken():
            raise RuntimeError
        @drain.gives_back
        def give_back():
            print("given back", drain.is_draining(), flush=True)
            return 1
        drain.start_drain(seconds=0)
        drain.start_drain(seconds=0)
        threading.Event().wait()
        """
    )
    assert ended.returncode == 0
    assert ended.stdout.count("given back True") == 1


def test_a_forked_process_knows_that_its_worker_drains():
    ended = run(
        """
        import os
        from agentplatform.core import drain
        read, write = os.pipe()
        if os.fork() == 0:
            os.read(read, 1)
            os._exit(7 if drain.is_draining() else 0)
        assert not drain.is_draining()
        drain.start_drain(seconds=60)
        os.write(write, b"x")
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
        """
    )
    assert ended.returncode == 0, ended.stderr
