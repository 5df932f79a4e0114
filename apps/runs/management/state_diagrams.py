"""Print `docs/states.md`: `python -m apps.runs.management.state_diagrams > docs/states.md`."""

import sys

from agentplatform.calls.states import CALL, MAX_EXECUTIONS
from agentplatform.core.state_diagram import render_diagram
from apps.runs.states import ASK, RUN, STEP

_TOLD = (
    (RUN, "A run begins when it is accepted, and ends once."),
    (
        STEP,
        "A step waits for those that it needs (PENDING), for a worker (QUEUED), for its next"
        " attempt (RETRYING), or for calls, asks, items, a child run, a person, a signal or a time"
        " (WAITING). RUNNING follows RUNNING when another worker takes over a turn whose lease has"
        " expired.",
    ),
    (
        CALL,
        "A model call or a tool call. RUNNING follows RUNNING when another worker takes over one"
        f" whose lease has expired; a call that loses {MAX_EXECUTIONS} workers is FAILED.",
    ),
    (ASK, "What a turn has asked of a person or of another run."),
)


def render_states() -> str:
    """The page: for each machine what it is, and its diagram."""
    parts = [
        "# States\n\nMade by `make states` from the tables that the code and the database's"
        " constraints are made of. What no arrow shows cannot happen; a state without a way on is"
        " final."
    ]
    for machine, told in _TOLD:
        title = machine.name.capitalize()
        parts.append(f"## {title}\n\n{told}\n\n```mermaid\n{render_diagram(machine)}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_states())
