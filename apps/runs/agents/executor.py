"""Where LangGraph runs the nodes of a superstep, and what it keeps of them: here.

It would start a thread in every turn. Nothing in a turn waits, so threads only take their time, and
nodes that do not run at once need not be able to.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from langgraph.pregel import _executor


class HereExecutor(Executor):
    """Does at once, in the thread that submits it, what it is given."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **named))
        except BaseException as error:  # raised where the future is asked
            future.set_exception(error)
        return future


@contextmanager
def _executor_here(_config: object) -> Iterator[Executor]:
    yield HereExecutor()


def run_nodes_here() -> None:
    """From now on, for every graph of this process."""
    _executor.get_executor_for_config = _executor_here  # type: ignore[assignment, attr-defined]
