"""Every query goes to the database alias of the current scope; migrations to the owner's."""

from typing import Any

from agentplatform.core.tenancy import OWNER, current_scope


class ScopeRouter:
    """Django's database router. All aliases lead to one database, each as a role of its own."""

    def db_for_read(self, _model: Any, **_hints: Any) -> str:
        return current_scope().alias

    def db_for_write(self, _model: Any, **_hints: Any) -> str:
        return current_scope().alias

    def allow_relation(self, _one: Any, _other: Any, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        return db == OWNER
