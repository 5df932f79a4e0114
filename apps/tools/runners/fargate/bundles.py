"""Where bundles lie: a bucket, and links that let a task read one and write one, and no more."""

import tempfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from apps.tools.runners.fargate.tasks import TaskRefused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_SMALL_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Bundles:
    """Keys are <prefix><call>/order and <prefix><call>/<token>. Raises TaskRefused."""

    client: "S3Client"
    bucket: str
    prefix: str

    def put(self, key: str, content: BinaryIO) -> None:
        """Store a bundle."""
        try:
            self.client.upload_fileobj(content, self.bucket, self.prefix + key)
        except (BotoCoreError, ClientError) as error:
            raise TaskRefused(f"S3 does not take the job: {error}", is_retryable=True) from error

    def find(self, key: str, *, limit_bytes: int) -> BinaryIO | None:
        """A bundle, open at its start, if it is there. Whoever takes it closes it."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)
        except self.client.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            raise TaskRefused(f"S3 cannot be read: {error}", is_retryable=True) from error
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] > limit_bytes:
                raise TaskRefused("The task left more than it may.", is_retryable=False)
            found = tempfile.SpooledTemporaryFile(max_size=_SMALL_BYTES)  # noqa: SIM115
            for chunk in body.iter_chunks(_SMALL_BYTES):
                found.write(chunk)
        found.seek(0)
        return cast(BinaryIO, found)

    def delete(self, *keys: str) -> None:
        """Forget bundles; harmless when they are not there."""
        objects: list[ObjectIdentifierTypeDef] = [{"Key": self.prefix + key} for key in keys]
        try:
            self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects})
        except (BotoCoreError, ClientError) as error:
            raise TaskRefused(f"S3 cannot be tidied: {error}", is_retryable=True) from error

    def link_to_read(self, key: str, *, seconds: int) -> str:
        """An address that gives the bundle to whoever has it."""
        return self._link("get_object", key, seconds)

    def link_to_write(self, key: str, *, seconds: int) -> str:
        """An address that lets whoever has it store the bundle."""
        return self._link("put_object", key, seconds)

    def _link(self, action: str, key: str, seconds: int) -> str:
        return self.client.generate_presigned_url(
            action,
            Params={"Bucket": self.bucket, "Key": self.prefix + key},
            ExpiresIn=seconds,
        )
