"""The result backend: it joins chords, and keeps the result of no task that is part of one.

Rows hold what a call came to, so the body of a chord needs no results: it is sent once every task
of the header is over. `CELERY_RESULT_BACKEND` names it before the address of Valkey.
"""

from typing import Any, cast

from celery import Celery
from celery.backends.redis import RedisBackend
from celery.canvas import Signature, maybe_signature
from redis import ConnectionPool

_pools: dict[str, ConnectionPool] = {}


class ChordJoin(RedisBackend):
    """Counts the tasks of a header by their ids, in one round trip each: the second delivery of one
    counts nothing."""

    app: Celery
    expires: int

    def _get_pool(self, **params: Any) -> ConnectionPool:
        """Celery has a backend for each thread; the threads of a process share its connections."""
        key = str(sorted(params.items()))
        return _pools.setdefault(key, super()._get_pool(**params))  # type: ignore[misc]

    def set_chord_size(self, group_id: str, chord_size: int) -> None:
        """Called before the last task of the header is sent."""
        self.client.set(self.get_key_for_group(group_id, ".s"), chord_size, ex=self.expires)

    def on_chord_part_return(self, request: Any, *_: Any, **__: Any) -> None:
        """Send the body if this was the last part. Should that be lost, recovery sends it."""
        parts = self.get_key_for_group(request.group, ".j")
        size = self.get_key_for_group(request.group, ".s")
        with self.client.pipeline() as pipeline:
            pipeline.sadd(parts, request.id)
            pipeline.expire(parts, self.expires)
            pipeline.scard(parts)
            pipeline.get(size)
            _, _, count, wanted = pipeline.execute()
        if wanted is not None and count == int(wanted):
            body = maybe_signature(request.chord, app=self.app)
            cast("Signature", body).delay()
            self.client.delete(parts, size)
