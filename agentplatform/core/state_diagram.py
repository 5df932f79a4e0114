"""A state machine as a picture."""

from agentplatform.core.state_machine import StateMachine


def render_diagram(machine: StateMachine) -> str:
    """A mermaid state diagram: begins at the table's first state, ends at each terminal one."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.states[0]}"]
    for state in machine.states:
        targets = [target for target in machine.states if target in machine.table[state]]
        lines += [f"    {state} --> {target}" for target in targets or ["[*]"]]
    return "\n".join(lines)
