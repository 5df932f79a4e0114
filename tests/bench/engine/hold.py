"""Processes that stand still while others are measured, so that these have the machine alone."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import ParamSpec

Given = ParamSpec("Given")


@contextmanager
def held(leaders: Iterable[int]) -> Iterator[None]:
    """Stop these process groups for the length of the block; one may be killed within it."""
    stopped = list(leaders)
    for leader in stopped:
        os.killpg(leader, signal.SIGSTOP)
    try:
        yield
    finally:
        for leader in stopped:
            with suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGCONT)


def alone(measure: Callable[Given, float], *, besides: Iterable[int]) -> Callable[Given, float]:
    """`measure`, with these process groups standing still."""
    others = list(besides)

    def measure_alone(*given: Given.args, **more: Given.kwargs) -> float:
        with held(others):
            return measure(*given, **more)

    return measure_alone
