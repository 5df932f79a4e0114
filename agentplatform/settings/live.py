"""Settings of now: with a secret to follow, what is read from them changes when the secret does."""

import os
from typing import Any, cast

from agentplatform.settings.environment import Environment
from agentplatform.settings.follower import Follower, OnChange

_follower: Follower | None = None


class _Live:
    """Looks like the follower's present Environment."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __getattr__(self, name: str) -> Any:
        return getattr(self._follower.current, name)


def follow_secret(environment: Environment) -> Environment:
    """`environment` itself when AWS_SECRET_ID is empty, else a stand-in that follows the secret.

    Two reads may see two versions: take `model_copy()`, a snapshot, where values belong together.
    """
    global _follower
    if not environment.aws_secret_id:
        return environment
    _follower = Follower(environment)
    os.register_at_fork(after_in_child=_follower.forget_thread)
    return cast(Environment, _Live(_follower))


def on_change(callback: OnChange) -> None:
    """Call `callback(before, after)` after each change of the settings, in the thread that found
    it, so it must be quick and safe in any thread; an error in it is logged. A change that came
    before this call is told at once. Without a secret to follow nothing ever changes."""
    if _follower is not None:
        _follower.on_change(callback)


def start_following() -> None:
    """Start this process's thread now rather than at the first read, so that a process which is
    forked early and used late has not aged."""
    if _follower is not None:
        _follower.start()
