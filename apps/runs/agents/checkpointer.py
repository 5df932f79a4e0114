"""A LangGraph checkpointer whose whole content is one value, kept in the step's row.

The turn's calls and the checkpoint that wants them must be committed together, so the graph runs
on memory and the engine stores what it left.
"""

from typing import Any, cast

import ormsgpack
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

THREAD = "step"
_UNFINISHED = frozenset({"__interrupt__", "__resume__"})
"""What a task writes that waits inside; one that is over has written something else."""


class StepCheckpointer(InMemorySaver):
    """Loads from `state` (b"" for a new graph) and gives back the newest checkpoint as bytes.

    Graph state must be plain JSON: the serializer refuses to build any other type when loading.
    """

    def __init__(self, state: bytes = b"") -> None:
        super().__init__(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        if not state:
            return
        content = ormsgpack.unpackb(state)
        for namespace, checkpoint_id, checkpoint, metadata in content["checkpoints"]:
            self.storage[THREAD][namespace][checkpoint_id] = (
                _typed(checkpoint),
                _typed(metadata),
                None,
            )
        for namespace, checkpoint_id, task_id, index, channel, value, path in content["writes"]:
            self.writes[(THREAD, namespace, checkpoint_id)][(task_id, index)] = (
                task_id,
                channel,
                _typed(value),
                path,
            )
        for namespace, channel, version, value in content["blobs"]:
            self.blobs[(THREAD, namespace, channel, version)] = _typed(value)

    def dump(self) -> bytes:
        """The newest checkpoint of each namespace with what it refers to; history is dropped, and
        so are graphs within the graph that are over."""
        newest = {
            namespace: max(checkpoints)
            for namespace, checkpoints in self.storage[THREAD].items()
            if checkpoints
        }
        content: dict[str, list[Any]] = {"checkpoints": [], "writes": [], "blobs": []}
        for namespace, checkpoint_id in newest.items():
            if not self._is_live(namespace, newest):
                continue
            checkpoint, metadata, _parent = self.storage[THREAD][namespace][checkpoint_id]
            content["checkpoints"].append((namespace, checkpoint_id, checkpoint, metadata))
            writes = self.writes.get((THREAD, namespace, checkpoint_id), {})
            for (task_id, index), (_task, channel, value, path) in writes.items():
                content["writes"].append(
                    (namespace, checkpoint_id, task_id, index, channel, value, path)
                )
            versions = self.serde.loads_typed(checkpoint)["channel_versions"]
            for channel, version in versions.items():
                blob = self.blobs.get((THREAD, namespace, channel, version))
                if blob is not None:
                    content["blobs"].append((namespace, channel, version, blob))
        return ormsgpack.packb(content)

    def _is_live(self, namespace: str, newest: dict[str, str]) -> bool:
        """Whether the task that runs this graph still waits for it ("node:task|node:task")."""
        if not namespace:
            return True
        parent, _, node = namespace.rpartition("|")
        if parent not in newest or not self._is_live(parent, newest):
            return False
        writes = self.writes.get((THREAD, parent, newest[parent]), {})
        task_id = node.rpartition(":")[2]
        channels = {write[1] for (task, _), write in writes.items() if task == task_id}
        return bool(channels) and channels <= _UNFINISHED


def _typed(pair: list[Any]) -> tuple[str, bytes]:
    kind, data = pair
    return cast("tuple[str, bytes]", (kind, data))
