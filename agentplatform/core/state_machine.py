"""Transition tables: what may follow what, looked up by code, constraint, diagram and tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


class IllegalTransition(Exception):
    """A change of state that the table does not hold: a bug in the caller, never a lost race."""

    def __init__(self, machine: str, source: str, target: str) -> None:
        super().__init__(f"{machine}: {source} -> {target} is not in the table")


@dataclass(frozen=True)
class StateMachine:
    """A named table of state -> states that may follow it. A state nothing follows is terminal."""

    name: str
    table: Mapping[str, frozenset[str]]

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.table)

    @cached_property
    def terminal(self) -> frozenset[str]:
        return frozenset(state for state, targets in self.table.items() if not targets)

    def sources_of(self, target: str) -> frozenset[str]:
        """Every state that `target` may follow. Raises IllegalTransition for an unknown target."""
        if target not in self.table:
            raise IllegalTransition(self.name, "?", target)
        return self._sources[target]

    @cached_property
    def _sources(self) -> dict[str, frozenset[str]]:
        return {
            target: frozenset(state for state, targets in self.table.items() if target in targets)
            for target in self.table
        }

    def check(self, source: str, target: str) -> None:
        """Raises IllegalTransition unless `target` may follow `source`."""
        if target not in self.table.get(source, frozenset()):
            raise IllegalTransition(self.name, source, target)
