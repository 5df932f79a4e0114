"""The S3 store: <prefix><tenant>/<name of the content> in one bucket."""

import base64
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from agentplatform.core.errors import NotFound
from apps.tools.stores.copying import CHUNK_BYTES, Copied, copy_bounded
from apps.tools.stores.multipart import upload_parts
from apps.tools.stores.s3_client import AT_ONCE
from apps.tools.stores.store import StagedContent, StoredContent, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteTypeDef

SMALL_BYTES = 1024 * 1024
"""Content up to this size goes up in one request when it is kept; larger content goes up in parts
before, and one request then puts it in place."""
_DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class S3Store:
    """The bucket is the operator's: nothing here creates or configures one."""

    client: "S3Client"
    bucket: str
    prefix: str = ""

    @contextmanager
    def stage(
        self, content: BinaryIO, *, tenant_id: UUID, limit_bytes: int, name: str = ""
    ) -> Iterator[StagedContent]:
        with SpooledTemporaryFile(max_size=CHUNK_BYTES) as spool:
            copied = copy_bounded(content, spool, limit_bytes=limit_bytes)
            name = name or copied.sha256
            key = self._key(tenant_id, name)
            if copied.size_bytes <= SMALL_BYTES:
                yield _staged(name, copied, partial(self._put, key, cast(BinaryIO, spool), copied))
                return
            spool.seek(0)
            with (
                _told(),
                upload_parts(
                    self.client, cast(BinaryIO, spool), bucket=self.bucket, key=key
                ) as complete,
            ):
                yield _staged(name, copied, complete)

    def keep(self, staged: Collection[StagedContent]) -> None:
        if not staged:
            return
        with _told(), ThreadPoolExecutor(min(AT_ONCE, len(staged))) as threads:
            for kept in [threads.submit(one.finish) for one in staged]:
                kept.result()

    def open(self, name: str, *, tenant_id: UUID, start: int = 0) -> BinaryIO:
        get = partial(self.client.get_object, Bucket=self.bucket, Key=self._key(tenant_id, name))
        with _told():
            try:
                answer = get(Range=f"bytes={start}-") if start else get()
            except self.client.exceptions.NoSuchKey as error:
                raise NotFound("The content of this artifact is no longer stored.") from error
        return cast(BinaryIO, answer["Body"])

    def delete(self, names: Collection[str], *, tenant_id: UUID) -> None:
        keys = iter([self._key(tenant_id, name) for name in names])
        while part := list(islice(keys, _DELETED_AT_ONCE)):
            self._delete(part)

    def delete_tenant(self, tenant_id: UUID) -> None:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket,
            Prefix=self._key(tenant_id, ""),
            PaginationConfig={"PageSize": _DELETED_AT_ONCE},
        )
        with _told():
            for page in pages:
                if keys := [one["Key"] for one in page.get("Contents", ())]:
                    self._delete(keys)

    def link(
        self, name: str, /, *, tenant_id: UUID, seconds: int, media_type: str, disposition: str
    ) -> str | None:
        return self.client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": self._key(tenant_id, name),
                "ResponseContentType": media_type,
                "ResponseContentDisposition": disposition,
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=seconds,
        )

    def tenants(self) -> Iterator[UUID]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
        )
        with _told():
            for page in pages:
                for one in page.get("CommonPrefixes", ()):
                    yield from _ids(one["Prefix"].removeprefix(self.prefix).rstrip("/"))

    def contents(self, tenant_id: UUID) -> Iterator[StoredContent]:
        folder = self._key(tenant_id, "")
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder
        )
        with _told():
            for page in pages:
                for one in page.get("Contents", ()):
                    yield StoredContent(
                        name=one["Key"].removeprefix(folder), at=one["LastModified"]
                    )

    def delete_unfinished(self, *, tenant_id: UUID, before: datetime) -> int:
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket, Prefix=self._key(tenant_id, "")
        )
        deleted = 0
        with _told():
            for page in pages:
                for one in page.get("Uploads", ()):
                    if one["Initiated"] < before:
                        self.client.abort_multipart_upload(
                            Bucket=self.bucket, Key=one["Key"], UploadId=one["UploadId"]
                        )
                        deleted += 1
        return deleted

    def _delete(self, keys: list[str]) -> None:
        """At most _DELETED_AT_ONCE of them, in one request."""
        wanted: DeleteTypeDef = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        with _told():
            answer = self.client.delete_objects(Bucket=self.bucket, Delete=wanted)
        if errors := answer.get("Errors"):
            raise StoreUnavailable(
                f"The bucket of artifacts keeps {len(errors)} files that were to be deleted: "
                f"{errors[0].get('Message')}; try again later."
            )

    def _key(self, tenant_id: UUID, name: str) -> str:
        return f"{self.prefix}{tenant_id}/{name}"

    def _put(self, key: str, spool: BinaryIO, copied: Copied) -> None:
        spool.seek(0)
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=spool,
            ChecksumSHA256=base64.b64encode(bytes.fromhex(copied.sha256)).decode(),
        )


def _staged(name: str, copied: Copied, finish: partial[None]) -> StagedContent:
    return StagedContent(
        name=name,
        sha256=copied.sha256,
        size_bytes=copied.size_bytes,
        head=copied.head,
        finish=finish,
    )


def _ids(name: str) -> Iterator[UUID]:
    try:
        yield UUID(name)
    except ValueError:
        return


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(
            f"The bucket of artifacts cannot be used: {error}; try again later."
        ) from error
