"""Small pictures of stored images, drawn where programs run."""

import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from agentplatform.core.tenancy import no_scope
from agentplatform.core.transactions import transaction
from agentplatform.embedded import sandbox_packages
from agentplatform.settings.root import ROOT
from apps.tools import facade
from apps.tools.models import Artifact
from apps.tools.services import thumbnails
from apps.tools.services.execute_call import execute_call
from apps.tools.services.remove_artifacts import remove_artifacts
from apps.tools.services.thumbnails import LARGEST_IMAGE, ask_again, keep_thumbnail, open_thumbnail
from apps.tools.tasks import make_thumbnail

EVERY_FORMAT = """
from PIL import Image
picture = Image.new("RGB", (1600, 800), "red")
for name in ("a.png", "a.jpg", "a.gif", "a.webp"):
    picture.save(f"artifacts/{name}")
"""


@pytest.fixture
def packages(settings):
    """Pillow for programs, which the set-up has got or gets now."""
    place = sandbox_packages.install(ROOT / ".data").parent
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"sandbox_packages": place})


@pytest.fixture
def sent(monkeypatch):
    """The ids of the artifacts whose thumbnails were asked for."""
    ids = []
    monkeypatch.setattr(thumbnails, "_send", lambda *, artifact_id: ids.append(artifact_id))
    return ids


def png(width, height, *, chunks=b""):
    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\x80" * width) * min(height, 4000))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def store(tenant, content, name="a.png"):
    ref = facade.store_artifact(tenant_id=tenant.id, name=name, content=BytesIO(content), at=now())
    return Artifact.objects.get(id=ref.artifact_id)


def make(row):
    """The state of the thumbnail once the task has run."""
    with no_scope():
        make_thumbnail(artifact_id=str(row.id))
    row.refresh_from_db()
    return row.thumbnail


def size_of(row):
    with open_thumbnail(row) as picture:
        head = picture.read(24)
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", head[16:24])


def test_every_image_that_a_program_leaves_gets_a_thumbnail(packages, plan_call, sent):
    call = plan_call(arguments={"program": EVERY_FORMAT}, timeout_seconds=60.0)
    execute_call(call_id=call.id, clock=now)
    rows = list(Artifact.objects.order_by("name"))
    assert [row.name for row in rows] == ["a.gif", "a.jpg", "a.png", "a.webp"]
    assert sorted(sent) == sorted(row.id for row in rows)
    for row in rows:
        assert make(row) == "made"
        assert size_of(row) == (320, 160)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\nbroken",
        b"\xff\xd8\xff\xe0 no jpeg",
        png(60_000, 60_000),
    ],
    ids=["broken", "not that format", "a bomb"],
)
def test_an_image_that_cannot_be_drawn_is_marked_so(packages, tenant, content):
    row = store(tenant, content)
    assert make(row) == "failed"
    with pytest.raises(NotFound):
        open_thumbnail(row)


def test_a_small_image_stays_small(packages, tenant):
    row = store(tenant, png(3, 5))
    assert make(row) == "made"
    assert size_of(row) == (3, 5)


def test_what_is_no_image_or_too_large_wants_none(tenant, sent):
    assert store(tenant, b"a,b\n", "a.csv").thumbnail == ""
    assert store(tenant, b"<svg></svg>", "a.svg").thumbnail == ""
    assert thumbnails.wanted_of(media_type="image/png", size_bytes=LARGEST_IMAGE + 1) == ""
    assert sent == []


def test_an_operator_can_do_without(tenant, sent, settings):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_thumbnails": False})
    assert store(tenant, png(3, 5)).thumbnail == ""
    assert sent == []


def test_where_programs_have_no_pillow_there_is_none(tenant, settings, tmp_path):
    changes = {"sandbox_packages": tmp_path / "none"}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    assert make(store(tenant, png(3, 5))) == "failed"


def test_a_thumbnail_is_shared_and_goes_with_the_content(tenant, artifact_folder):
    first, second = store(tenant, png(3, 5)), store(tenant, png(3, 5))
    keep_thumbnail(first, BytesIO(b"small"))
    second.refresh_from_db()
    assert second.thumbnail == "made"
    for row, files in ((first, 2), (second, 0)):
        with transaction():
            remove_artifacts(Artifact.objects.filter(id=row.id), tenant_id=tenant.id)
        assert len(list((artifact_folder / str(tenant.id)).iterdir())) == files


def test_a_thumbnail_of_what_was_deleted_meanwhile_is_not_kept(tenant, artifact_folder):
    row = store(tenant, png(3, 5))
    with transaction():
        remove_artifacts(Artifact.objects.filter(id=row.id), tenant_id=tenant.id)
    keep_thumbnail(row, BytesIO(b"small"))
    assert list((artifact_folder / str(tenant.id)).iterdir()) == []


def test_a_second_delivery_and_a_missing_artifact_do_nothing(tenant):
    row = store(tenant, png(3, 5))
    keep_thumbnail(row, BytesIO(b"small"))
    assert make(row) == "made"
    with open_thumbnail(row) as picture:
        assert picture.read() == b"small"
    Artifact.objects.filter(id=row.id).delete()
    with no_scope():
        make_thumbnail(artifact_id=str(row.id))


def test_what_waits_too_long_is_asked_for_again_and_at_last_given_up(tenant, sent):
    row = store(tenant, png(3, 5))
    sent.clear()
    assert ask_again(at=now()) == 0
    assert ask_again(at=now() + timedelta(minutes=2)) == 1
    assert sent == [row.id]
    assert ask_again(at=now() + timedelta(hours=2)) == 0
    row.refresh_from_db()
    assert row.thumbnail == "failed"
