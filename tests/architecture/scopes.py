"""Reads code for what would see more than one tenant."""

import ast
from collections.abc import Iterator
from typing import Any

from rest_framework.views import APIView

WIDE_SCOPES = {"platform_scope", "no_scope", "enter_tenant"}
WIDE_NAMES = WIDE_SCOPES | {"ADMIN", "OWNER"}
WIDE_CALLS = {"using", "db_manager"}
SQL = ("app.tenant_id", "set role", "session authorization")


def widenings(source: str) -> list[str]:
    """The expressions of a module that reach for another database alias or another scope."""
    return [found for node in ast.walk(ast.parse(source)) for found in _widening(node)]


def _widening(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module=str(module)) if module.endswith("core.tenancy"):
            yield from (alias.name for alias in node.names if alias.name in WIDE_NAMES)
        case ast.Attribute(attr=name) if name in WIDE_SCOPES:
            yield name
        case ast.Call(func=ast.Attribute(attr=name)) if name in WIDE_CALLS:
            yield f".{name}()"
        case ast.Subscript(value=ast.Name(id="connections")):
            yield "connections[]"
        case ast.keyword(arg="using", value=ast.Constant(value=str(alias))):
            yield f"using={alias}"
        case ast.Constant(value=str(text)):
            yield from (word for word in SQL if word in text.lower())


def is_scoped(callback: Any) -> bool:
    """Whether a URL's view enters the tenant of whoever asks, as APIView does by default."""
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    return (
        isinstance(view, type)
        and issubclass(view, APIView)
        and list(view.authentication_classes) == list(APIView.authentication_classes)
        and "authentication_classes" not in callback.view_initkwargs
        and view.get_authenticators is APIView.get_authenticators
        and view.perform_authentication is APIView.perform_authentication
    )
