"""Content that goes up to S3 in parts and appears at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 8 * 1024 * 1024


class _Upload:
    def __init__(self, client: "S3Client", *, bucket: str, key: str) -> None:
        self._client = client
        self._bucket, self._key = bucket, key
        self._id = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        self._parts: list[CompletedPartTypeDef] = []
        self._is_complete = False

    def add(self, part: bytes) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=number, Body=part
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def complete(self) -> None:
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._id,
            MultipartUpload={"Parts": self._parts},
        )
        self._is_complete = True

    def end(self) -> None:
        if not self._is_complete:
            # What cannot be deleted now is left for the sweep of unfinished uploads.
            with suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._id
                )


@contextmanager
def upload_parts(
    client: "S3Client", content: BinaryIO, *, bucket: str, key: str
) -> Iterator[partial[None]]:
    """Send `content`, one part in memory at a time. Yields what makes it appear under its key; what
    did not appear is deleted with the block."""
    upload = _Upload(client, bucket=bucket, key=key)
    try:
        while part := content.read(PART_BYTES):
            upload.add(part)
        yield partial(upload.complete)
    finally:
        upload.end()
