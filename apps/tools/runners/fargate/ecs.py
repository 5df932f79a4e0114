"""Tasks of Amazon ECS on Fargate."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from apps.tools.runners.fargate.size import task_size
from apps.tools.runners.fargate.tasks import TaskRefused, TaskState
from apps.tools.runners.limits import Limits

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

_COMMAND = ("python", "-m", "apps.tools.runners.fargate.task")
_LINES = 20
_RETRYABLE = {"ThrottlingException", "ServerException", "ClusterNotActive", "LimitExceeded"}


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where tasks stand: private subnets, one security group, no public address."""

    subnets: tuple[str, ...]
    security_group: str


@dataclass(frozen=True, kw_only=True)
class EcsTasks:
    """`log_group` and `log_prefix` are the task definition's awslogs-group and
    awslogs-stream-prefix."""

    ecs: "ECSClient"
    logs: "CloudWatchLogsClient"
    cluster: str
    definition: str
    container: str
    network: Network
    log_group: str = ""
    log_prefix: str = ""

    def describe(self) -> str:
        with _told():
            answer = self.ecs.describe_task_definition(taskDefinition=self.definition)
        definition = answer["taskDefinition"]
        if problem := _problem(definition, self.container):
            raise TaskRefused(f"{self.definition} {problem}.", is_retryable=False)
        return definition["taskDefinitionArn"]

    def find(self, call: str) -> list[TaskState]:
        arns = [arn for status in ("STOPPED", "RUNNING") for arn in self._list(call, status)]
        if not arns:
            return []
        with _told():
            answer = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)
        tasks = sorted(answer["tasks"], key=lambda task: str(task.get("createdAt", "")))
        return [self._state(task) for task in tasks]

    def start(
        self, *, call: str, token: str, environment: Mapping[str, str], limits: Limits
    ) -> TaskState:
        try:
            with _told():
                answer = self._run(call, token, environment, limits)
        except TaskRefused as refusal:
            return self._of_token(refusal)
        if answer["failures"] or not answer["tasks"]:
            reasons = ", ".join(failure.get("reason", "") for failure in answer["failures"])
            raise TaskRefused(f"ECS starts no task: {reasons or 'no reason'}.", is_retryable=True)
        return self._state(answer["tasks"][0])

    def look(self, arn: str) -> TaskState:
        with _told():
            answer = self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn])
        if not answer["tasks"]:  # it stopped so long ago that ECS has forgotten it
            return TaskState(arn=arn, has_started=True, has_stopped=True, reason="forgotten")
        return self._state(answer["tasks"][0])

    def stop(self, arn: str, *, reason: str) -> None:
        with _told():
            self.ecs.stop_task(cluster=self.cluster, task=arn, reason=reason[:255])

    def last_words(self, arn: str) -> str:
        if not self.log_group:
            return ""
        stream = f"{self.log_prefix}/{self.container}/{arn.rpartition('/')[2]}"
        try:
            answer = self.logs.get_log_events(
                logGroupName=self.log_group, logStreamName=stream, limit=_LINES
            )
        except (BotoCoreError, ClientError):  # it has logged nothing
            return ""
        return "\n".join(event["message"] for event in answer["events"])

    def _list(self, call: str, status: Any) -> list[str]:
        with _told():
            answer = self.ecs.list_tasks(cluster=self.cluster, startedBy=call, desiredStatus=status)
        return answer["taskArns"]

    def _run(self, call: str, token: str, environment: Mapping[str, str], limits: Limits) -> Any:
        cpu, memory = task_size(limits)
        return self.ecs.run_task(
            cluster=self.cluster,
            taskDefinition=self.definition,
            launchType="FARGATE",
            count=1,
            clientToken=token,
            startedBy=call,
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self.network.subnets),
                    "securityGroups": [self.network.security_group],
                    "assignPublicIp": "DISABLED",
                }
            },
            overrides={
                "cpu": str(cpu),
                "memory": str(memory),
                "containerOverrides": [
                    {
                        "name": self.container,
                        "command": list(_COMMAND),
                        "environment": [
                            {"name": name, "value": value} for name, value in environment.items()
                        ],
                    }
                ],
            },
        )

    def _of_token(self, refusal: TaskRefused) -> TaskState:
        """The task that this token has started before: ECS names it when it refuses."""
        cause = refusal.__cause__
        answer: Any = cause.response if isinstance(cause, ClientError) else {}
        arns = answer.get("resourceIds")
        if not arns or answer.get("Error", {}).get("Code") != "ConflictException":
            raise refusal
        return self.look(arns[0])

    def _state(self, task: Any) -> TaskState:
        containers = [one for one in task.get("containers", []) if one["name"] == self.container]
        container = containers[0] if containers else {}
        reasons = (task.get("stoppedReason"), container.get("reason"))
        return TaskState(
            arn=task["taskArn"],
            has_started="startedAt" in task,
            has_stopped=task["lastStatus"] == "STOPPED",
            exit_code=container.get("exitCode"),
            reason="; ".join(reason for reason in reasons if reason),
        )


def _problem(definition: Any, container: str) -> str:
    """What makes the definition unfit, as the end of a sentence."""
    if definition.get("networkMode") != "awsvpc":
        return "must have the network mode awsvpc"
    if definition.get("taskRoleArn"):
        return "must have no task role: programs that get out would act by it"
    found = [one for one in definition["containerDefinitions"] if one["name"] == container]
    if not found:
        return f"has no container {container}; name it in FARGATE_CONTAINER"
    if found[0].get("privileged"):
        return "must not be privileged"
    return ""


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise TaskRefused(f"ECS refuses: {error}", is_retryable=code in _RETRYABLE) from error
    except BotoCoreError as error:
        raise TaskRefused(f"ECS cannot be reached: {error}", is_retryable=True) from error
