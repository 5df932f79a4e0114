"""Make a conversation fit into a model's window."""

from collections.abc import Callable, Sequence

from apps.gateway.contracts import Message

SHORT_CHARACTERS = 200
"""How much is left of a tool's result that is shortened."""
MARK = " ... [shortened]"


def trim(
    messages: Sequence[Message], *, room: int, tokens_of: Callable[[Message], int]
) -> list[Message]:
    """`messages` made to fit `room` tokens, as far as they can be.

    First the tool results before the last exchange are shortened, the oldest first; then whole
    exchanges are dropped, the oldest first; at last the results of the last one are shortened. What
    stands before the first exchange (the system's and the first user's message) and the last
    exchange stay. A tool's answer goes with the message that asked for it.
    """
    head, exchanges = _split(messages)
    surplus = sum(map(tokens_of, messages)) - room
    for exchange in exchanges[:-1]:
        surplus = _shorten(exchange, surplus, tokens_of)
    while surplus > 0 and len(exchanges) > 1:
        surplus -= sum(map(tokens_of, exchanges.pop(0)))
    for exchange in exchanges:
        surplus = _shorten(exchange, surplus, tokens_of)
    return [*head, *(message for exchange in exchanges for message in exchange)]


def _shorten(exchange: list[Message], surplus: int, tokens_of: Callable[[Message], int]) -> int:
    """Shorten results in place until nothing is too much; returns what still is."""
    for position, message in enumerate(exchange):
        if surplus <= 0:
            break
        if message.role == "tool" and len(message.content) > SHORT_CHARACTERS + len(MARK):
            content = message.content[:SHORT_CHARACTERS] + MARK
            shorter = message.model_copy(update={"content": content})
            if (saved := tokens_of(message) - tokens_of(shorter)) > 0:
                surplus -= saved
                exchange[position] = shorter
    return surplus


def _split(messages: Sequence[Message]) -> tuple[list[Message], list[list[Message]]]:
    """The head, and the exchanges: what a model or a user says, with the tool answers to it."""
    roles = [message.role for message in messages]
    end = roles.index("user") + 1 if "user" in roles else 0
    while end < len(roles) and roles[end] == "system":
        end += 1
    exchanges: list[list[Message]] = []
    for message in messages[end:]:
        if message.role == "tool" and exchanges:
            exchanges[-1].append(message)
        else:
            exchanges.append([message])
    return list(messages[:end]), exchanges
