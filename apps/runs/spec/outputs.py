"""What is known of a step's output before it runs."""

from collections.abc import Collection
from typing import Any

from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.engine_steps import ApprovalStep, WaitStep
from apps.runs.spec.kinds import MapStep, SpecStep
from apps.runs.spec.steps import AgentStep, DecisionStep, LlmStep


def output_fields(step: SpecStep) -> Collection[str] | None:
    """The fields that the output may have; None where that is not known."""
    match step:
        case LlmStep():
            return (
                ("text",) if step.response_schema is None else closed_fields(step.response_schema)
            )
        case AgentStep() if step.graph == "react":
            value = () if step.response_schema is None else ("value",)
            return ("text", *value, "turns", "tool_calls")
        case CrewStep():
            return ("tasks", "text")
        case DecisionStep():
            return ("branch", "next")
        case MapStep():
            return ("items", "failed")
        case ApprovalStep():
            return ("decision", "option", "comment", "by", "timed_out")
        case WaitStep():
            return ("signal", "timed_out") if step.signal else ("waited_until",)
    return None


def closed_fields(schema: dict[str, Any]) -> Collection[str] | None:
    """The properties of a JSON schema that allows no others; None for any other schema."""
    properties = schema.get("properties")
    if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
        return None
    return tuple(properties)
