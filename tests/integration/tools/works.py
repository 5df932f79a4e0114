"""Work as a runner is given it, of calls that have no row."""

import threading
import uuid

from agentplatform.core.errors import NotFound
from apps.tools.egress.session import Egress
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import Caller, Work


def no_input(artifact_id):
    raise NotFound(f"There is no artifact {artifact_id}.")


def no_secret(name):
    raise NotFound(f"There is no secret {name!r} for tools.")


def make_work(
    arguments,
    *,
    timeout_seconds,
    open_input=no_input,
    find_secret=no_secret,
    stop=None,
    egress=None,
):
    """The work of a call that has no row."""
    return Work(
        caller=Caller(**{name: uuid.uuid4() for name in Caller.__dataclass_fields__}),
        arguments=arguments,
        limits=Limits(wall_seconds=timeout_seconds),
        egress=egress or Egress(),
        open_input=open_input,
        find_secret=find_secret,
        stop=stop or threading.Event(),
    )
