"""What the bench has the engine run."""

from typing import Any

MODEL = "openai:gpt-4o-mini"
"""Answers at once: see tests/provider."""
SLOW_MODEL = f"{MODEL}-latency-2000"

Spec = dict[str, Any]


def decisions(count: int) -> Spec:
    """Steps that the engine takes itself."""
    return _chain(count, kind="decision", branches=[{"name": "on", "when": "`true`"}])


def noops(count: int) -> Spec:
    """Steps that run user code in a worker: a graph that ends at once."""
    return _chain(count, kind="agent", graph="bench_noop", instructions="-", prompt="-")


def mixed(count: int) -> Spec:
    """The two kinds above in turn, an agent first."""
    pairs = zip(noops(count)["steps"][::2], decisions(count)["steps"][1::2], strict=True)
    return {"steps": [step for pair in pairs for step in pair]}


def completions(count: int) -> Spec:
    """Steps of one model call each."""
    return _chain(count, kind="llm", prompt="Hello.", model=MODEL)


def items(count: int) -> Spec:
    """A map: one model call for each item."""
    call = {"kind": "llm", "prompt": "Hello.", "model": MODEL}
    return _chain(1, kind="map", items=list(range(count)), step=call)


def talk(graph: str, turns: int, *, model: str = MODEL) -> Spec:
    """An agent of one of the bench's graphs, which calls the model in each of its turns."""
    texts = {"instructions": "-", "prompt": "Hello."}
    return _chain(1, kind="agent", graph=graph, model=model, max_turns=turns, **texts)


def react(turns: int, *, tools: int) -> Spec:
    """The built-in agent: `turns` model calls, and `tools` sandboxed tool calls after all but the
    last of them."""
    model = f"{MODEL}-turns-{turns}-tool-parallel-{tools}"
    texts = {"instructions": "-", "prompt": "Hello."}
    return _chain(1, kind="agent", model=model, max_turns=turns, tools=["code"], **texts)


def _chain(count: int, **step: Any) -> Spec:
    return {"steps": [{"name": f"step_{number}", **step} for number in range(count)]}
