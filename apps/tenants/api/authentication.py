"""API keys as bearer tokens."""

from rest_framework.authentication import BaseAuthentication


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`."""
