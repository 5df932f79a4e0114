"""What an agent's last answer must be when its step has a response_schema."""

import json
from dataclasses import dataclass
from typing import Any

from agentplatform.core.json_schema import find_mismatch
from agentplatform.core.json_values import clean_json


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The decoded answer, or the sentence that says why it is none."""

    value: Any = None
    problem: str | None = None


def read_answer(text: str, schema: dict[str, Any]) -> Answer:
    """The text held against the schema."""
    try:
        value = clean_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        return Answer(problem=f"it is no JSON: {error}")
    if mismatch := find_mismatch(value, schema):
        return Answer(problem=f"at {mismatch.path or 'its root'}: {mismatch.message}")
    return Answer(value=value)


def ask_again(problem: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The message that tells the model what is wrong with its answer."""
    words = (
        f"Your answer does not satisfy the schema: {problem}\n"
        f"Answer again, only with JSON that satisfies: {json.dumps(schema, ensure_ascii=False)}"
    )
    return {"role": "user", "content": words}
