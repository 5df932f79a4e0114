"""POST /api/v1/runs over one kept connection."""

import json
from http import HTTPStatus
from http.client import HTTPConnection
from uuid import UUID

from agentplatform.embedded.ports import HOST
from tests.bench.engine.bench import Bench


class Poster:
    """Belongs to one thread."""

    def __init__(self, bench: Bench) -> None:
        self._connection = HTTPConnection(HOST, bench.processes.port, timeout=60)
        self._headers = {
            "Authorization": f"Bearer {bench.api_key}",
            "Content-Type": "application/json",
        }

    def post(self, task_id: str) -> UUID:
        """The accepted run. Raises RuntimeError for any other answer than 201."""
        body = json.dumps({"task_id": task_id, "input": {}})
        self._connection.request("POST", "/api/v1/runs", body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != HTTPStatus.CREATED:
            raise RuntimeError(f"{response.status}: {answer[:500]!r}")
        return UUID(json.loads(answer)["id"])
