"""Settings from one secret of AWS Secrets Manager: a JSON object of settings by name."""

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

WHERE = ("aws_secret_id", "aws_region")


class SecretUnreadable(ImproperlyConfigured):
    """Names AWS_SECRET_ID and the reason, and nothing of what the secret holds."""


class SecretSource(PydanticBaseSettingsSource):
    """What the secret that AWS_SECRET_ID names holds; nothing when it names none.

    Where the secret is, the sources before this one say, then `.env`: never the secret itself.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], *, dotenv: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self._dotenv = dotenv

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole secret is read at once."""
        raise NotImplementedError(field, field_name)

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        defaults = {name: fields[name].default for name in WHERE}
        given = defaults | self._dotenv() | self.current_state
        if not given["aws_secret_id"]:
            return {}
        found = read_secret(given["aws_secret_id"], region=given["aws_region"])
        return {name: found[name] for name in fields if name in found and name not in WHERE}


def read_secret(secret_id: str, *, region: str) -> dict[str, Any]:
    """The secret's object, its names in lower case. Raises SecretUnreadable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = _client(region).get_secret_value(SecretId=secret_id)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise _unreadable(secret_id, str(error)) from error
    try:
        found = json.loads(answer.get("SecretString", ""))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _unreadable(secret_id, "it is not a JSON object of settings by name")
    return {name.lower(): value for name, value in found.items()}


def _unreadable(secret_id: str, reason: str) -> SecretUnreadable:
    return SecretUnreadable(f"The secret AWS_SECRET_ID={secret_id} cannot be read: {reason}")


@lru_cache(maxsize=1)
def _client(region: str) -> "SecretsManagerClient":
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 3})
    session = boto3.session.Session()
    client: SecretsManagerClient = session.client(
        "secretsmanager", region_name=region, config=config
    )
    return client


# A fork would share the parent's TLS connection.
os.register_at_fork(after_in_child=_client.cache_clear)
