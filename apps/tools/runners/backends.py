"""Which sandbox holds untrusted code here, and whether it promises enough."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from apps.tools.runners.fargate.bundles import Bundles
from apps.tools.runners.fargate.clients import ecs_client, logs_client
from apps.tools.runners.fargate.ecs import EcsTasks, Network
from apps.tools.runners.fargate.sandbox import FargateSandbox, Pace
from apps.tools.runners.guarantees import check_policy
from apps.tools.runners.local_backends import LOCAL_BACKENDS
from apps.tools.runners.sandbox import Sandbox, SandboxUnavailable
from apps.tools.stores.s3_client import s3_client

_NEEDED = (
    *("fargate_cluster", "fargate_task_definition", "fargate_subnets"),
    *("fargate_security_group", "fargate_bucket"),
)


def choose_sandbox() -> Sandbox:
    """The sandbox that the operator has chosen with SANDBOX_BACKEND; never another one.

    Raises SandboxUnavailable when it cannot run here or promises less than
    SANDBOX_REQUIRED_GUARANTEES asks for.
    """
    platform = settings.PLATFORM
    sandbox = BACKENDS[platform.sandbox_backend](platform)
    check_policy(sandbox.name, sandbox.prove().held, platform.sandbox_required_guarantees)
    return sandbox


def _fargate(platform: Any) -> Sandbox:
    missing = [name.upper() for name in _NEEDED if not getattr(platform, name)]
    if missing:
        raise SandboxUnavailable(f"One-off tasks need the settings {', '.join(missing)}.")
    place = {"region": platform.aws_region, "endpoint_url": platform.fargate_endpoint_url}
    tasks = EcsTasks(
        ecs=ecs_client(**place),
        logs=logs_client(**place),
        cluster=platform.fargate_cluster,
        definition=platform.fargate_task_definition,
        container=platform.fargate_container,
        network=Network(
            subnets=tuple(name.strip() for name in platform.fargate_subnets.split(",")),
            security_group=platform.fargate_security_group,
        ),
        log_group=platform.fargate_log_group,
        log_prefix=platform.fargate_log_prefix,
    )
    return FargateSandbox(
        tasks=tasks,
        bundles=Bundles(s3_client(**place), platform.fargate_bucket, platform.fargate_prefix),
        required=platform.sandbox_required_guarantees,
        pace=Pace(start=platform.fargate_start_seconds),
    )


BACKENDS: Mapping[str, Callable[[Any], Sandbox]] = {**LOCAL_BACKENDS, "fargate": _fargate}
