"""A conversation as plain text turns, for chat templates that know no tools, cut to a window."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.gateway.contracts import Message
from apps.gateway.providers.estimate import bound_tokens

_TOKENS_PER_TURN = 8
_CUT = " […] "
_SHORTEST = 40


@dataclass(frozen=True)
class Turn:
    """One message of a template: system first if at all, then user and assistant by turns."""

    role: str
    content: str

    @property
    def bound(self) -> int:
        return bound_tokens(self.content) + _TOKENS_PER_TURN


def plain_turns(messages: Sequence[Message], *, instructions: str = "") -> list[Turn]:
    """The conversation in turns, tool calls and results told in words; at least one user turn."""
    systems = [message.content for message in messages if message.role == "system"]
    system = "\n\n".join(text for text in (*systems, instructions) if text)
    turns = [Turn("system", system)] if system else []
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    for message in messages:
        if message.role != "system":
            _append(turns, _spoken(message, names))
    if not any(turn.role == "user" for turn in turns):
        turns.append(Turn("user", "Go on."))
    return turns


def fit_window(turns: Sequence[Turn], *, tokens: int) -> list[Turn]:
    """`turns` cut to about `tokens`: the oldest in the middle go first, then long texts are cut.

    Never fails: the first turns up to the first user's, and the last one, always stay.
    """
    kept = list(turns)
    head = 1 + next(i for i, turn in enumerate(kept) if turn.role == "user")
    while _bound(kept) > tokens and len(kept) > head + 2:
        del kept[head : head + 2]
    while _bound(kept) > tokens:
        longest = max(range(len(kept)), key=lambda i: kept[i].bound)
        if len(kept[longest].content) <= _SHORTEST:
            break
        excess = _bound(kept) - tokens
        kept[longest] = _cut(kept[longest], excess)
    return kept


def bound_turns(turns: Sequence[Turn]) -> int:
    """An upper bound of the tokens of these turns."""
    return _bound(turns)


def _bound(turns: Sequence[Turn]) -> int:
    return sum(turn.bound for turn in turns)


def _cut(turn: Turn, excess: int) -> Turn:
    """`turn` without its middle: shorter by the share that is too much, by a tenth at least."""
    share = min(0.9, max(0.1, excess / turn.bound))
    half = int(len(turn.content) * (1 - share)) // 2
    start, end = turn.content[: max(half - len(_CUT), 8)], turn.content[-max(half, 8) :]
    return replace(turn, content=start + _CUT + end)


def _append(turns: list[Turn], turn: Turn) -> None:
    if turns and turns[-1].role == turn.role:
        turns[-1] = replace(turn, content=f"{turns[-1].content}\n\n{turn.content}".strip())
    else:
        turns.append(turn)


def _spoken(message: Message, names: dict[str, str]) -> Turn:
    if message.role == "tool":
        name = names.get(message.tool_call_id or "", "the tool")
        return Turn("user", f"Result of {name}:\n{message.content}")
    if message.role == "assistant" and message.tool_calls:
        calls = [{"tool": call.name, "arguments": call.arguments} for call in message.tool_calls]
        told = json.dumps({"calls": calls}, ensure_ascii=False)
        return Turn("assistant", f"{message.content}\n{told}".strip())
    return Turn(message.role, message.content)
