from apps.runs.models.ask import Ask
from apps.runs.models.checkpoint import Checkpoint
from apps.runs.models.event import RunEvent
from apps.runs.models.run import Run
from apps.runs.models.served import Served
from apps.runs.models.step import Step
from apps.runs.models.task import TaskDefinition, TaskVersion

__all__ = [
    "Ask",
    "Checkpoint",
    "Run",
    "RunEvent",
    "Served",
    "Step",
    "TaskDefinition",
    "TaskVersion",
]
