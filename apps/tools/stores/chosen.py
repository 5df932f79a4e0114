"""The store that the operator has chosen with ARTIFACT_STORE."""

from pathlib import Path

from django.conf import settings

from apps.tools.stores.folder import FolderStore
from apps.tools.stores.store import Store


def artifact_store() -> Store:
    """Where contents of artifacts are kept here."""
    platform = settings.PLATFORM
    if platform.artifact_store == "folder":
        return FolderStore(Path(platform.artifact_folder))
    from apps.tools.stores.s3 import S3Store  # the SDK takes 7 MB and half a second
    from apps.tools.stores.s3_client import s3_client

    client = s3_client(region=platform.aws_region, endpoint_url=platform.artifact_endpoint_url)
    return S3Store(client, platform.artifact_bucket, platform.artifact_prefix)
