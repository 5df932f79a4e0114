"""An address of the API with one of its methods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.api.tenants.house import STEP, House

PREFIX = "api/v1/"


def nothing(_house: House) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Endpoint:
    """`needs` is the right ("any" of them is enough); `names` makes the row that the address
    names; `body` makes what is sent. `writes` is the action of the one entry that a success leaves.
    """

    method: str
    route: str
    needs: str
    status: int = 200
    names: Callable[[House], Any] | None = None
    body: Callable[[House], dict[str, Any]] = nothing
    writes: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    def address(self, name: Any = None) -> str:
        head, _, rest = self.route.partition("<")
        tail = rest.partition(">")[2].replace("<str:name>", STEP)
        return f"/{PREFIX}{head}{'' if name is None else name}{tail}"

    def ask(self, client: Any, house: House) -> tuple[Any, Any]:
        """The answer to a request that is right, and what its address names."""
        name = self.names(house) if self.names else None
        return self.send(client, name, self.body(house)), name

    def send(self, client: Any, name: Any, body: dict[str, Any]) -> Any:
        answer = getattr(client, self.method)(self.address(name), body, **self.options)
        answer.close()
        return answer
