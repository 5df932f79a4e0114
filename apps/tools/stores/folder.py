"""The folder store: <folder>/<tenant>/<name of the content>."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.ids import new_id
from apps.tools.stores.copying import copy_bounded
from apps.tools.stores.store import StagedContent, StoredContent, StoreUnavailable

_PART = ".part"


@dataclass(frozen=True)
class FolderStore:
    """What is being copied lies beside the contents, in a file that begins with a dot."""

    folder: Path

    @contextmanager
    def stage(
        self, content: BinaryIO, *, tenant_id: UUID, limit_bytes: int, name: str = ""
    ) -> Iterator[StagedContent]:
        folder = self._of(tenant_id)
        part = folder / f".{new_id()}{_PART}"
        with _told():
            folder.mkdir(parents=True, exist_ok=True)
        try:
            with _told(), part.open("xb") as target:
                copied = copy_bounded(content, target, limit_bytes=limit_bytes)
                target.flush()
                os.fsync(target.fileno())
            name = name or copied.sha256
            yield StagedContent(
                name=name,
                sha256=copied.sha256,
                size_bytes=copied.size_bytes,
                head=copied.head,
                finish=partial(_move, part, folder / name),
            )
        finally:
            part.unlink(missing_ok=True)

    def keep(self, staged: Collection[StagedContent]) -> None:
        with _told():
            for one in staged:
                one.finish()

    def open(self, name: str, *, tenant_id: UUID, start: int = 0) -> BinaryIO:
        with _told():
            try:
                file = (self._of(tenant_id) / name).open("rb")
            except FileNotFoundError as error:
                raise NotFound("The content of this artifact is no longer stored.") from error
        file.seek(start)
        return file

    def delete(self, names: Collection[str], *, tenant_id: UUID) -> None:
        with _told():
            for name in names:
                (self._of(tenant_id) / name).unlink(missing_ok=True)

    def delete_tenant(self, tenant_id: UUID) -> None:
        folder = self._of(tenant_id)
        with _told():
            if folder.exists():
                shutil.rmtree(folder)

    def link(self, _: str, /, **__: object) -> None:
        return None

    def tenants(self) -> Iterator[UUID]:
        if self.folder.is_dir():
            yield from (_id for one in self.folder.iterdir() if (_id := _tenant(one)))

    def contents(self, tenant_id: UUID) -> Iterator[StoredContent]:
        for file in self._files(tenant_id):
            if not file.name.startswith("."):
                yield from (StoredContent(name=file.name, at=at) for at in _written(file))

    def delete_unfinished(self, *, tenant_id: UUID, before: datetime) -> int:
        parts = [file for file in self._files(tenant_id) if file.name.endswith(_PART)]
        old = [file for file in parts if any(at < before for at in _written(file))]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    def _of(self, tenant_id: UUID) -> Path:
        return self.folder / str(tenant_id)

    def _files(self, tenant_id: UUID) -> Iterator[Path]:
        folder = self._of(tenant_id)
        return folder.iterdir() if folder.is_dir() else iter(())


def _move(part: Path, place: Path) -> None:
    part.replace(place)


def _tenant(folder: Path) -> UUID | None:
    try:
        return UUID(folder.name)
    except ValueError:
        return None


def _written(file: Path) -> Iterator[datetime]:
    """When it was, unless it is gone by now."""
    try:
        yield datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"The folder of artifacts cannot be used: {error.strerror}; try again later."
        ) from error
