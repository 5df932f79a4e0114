"""What every store of contents promises, whichever it is."""

import hashlib
import tracemalloc
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import BytesIO

import httpx
import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound, TooLarge
from apps.tools.stores.folder import FolderStore
from apps.tools.stores.s3 import SMALL_BYTES, S3Store
from apps.tools.stores.s3_client import s3_client
from apps.tools.stores.store import StoreUnavailable
from tests.integration.tools.stores import REGION, make_bucket, running_s3, s3

MEGABYTE = 1024 * 1024
SIZES = [0, 1, SMALL_BYTES, SMALL_BYTES + 1]


@pytest.fixture(scope="module")
def address():
    with running_s3() as address:
        yield address


@pytest.fixture
def s3_store(address, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = s3_client(region=REGION, endpoint_url=address)
    return S3Store(client, make_bucket(address), "kept/")


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "artifacts")
    return request.getfixturevalue("s3_store")


@pytest.fixture
def tenant_id():
    return uuid.uuid4()


def put(store, tenant_id, content, **more):
    with store.stage(
        BytesIO(content), tenant_id=tenant_id, limit_bytes=len(content), **more
    ) as one:
        store.keep([one])
    return one


def names(store, tenant_id):
    return {one.name for one in store.contents(tenant_id)}


def read(store, tenant_id, name, **more):
    file = store.open(name, tenant_id=tenant_id, **more)
    try:
        return file.read()
    finally:
        file.close()


@pytest.mark.parametrize("size", SIZES)
def test_content_comes_back_as_it_went_in(store, tenant_id, size):
    content = bytes(range(251)) * (size // 251 + 1)
    one = put(store, tenant_id, content[:size])
    sha256 = hashlib.sha256(content[:size]).hexdigest()
    assert (one.name, one.sha256, one.size_bytes) == (sha256, sha256, size)
    assert one.head == content[:size][:4096]
    assert read(store, tenant_id, one.name) == content[:size]


def test_content_is_read_from_a_byte_on(store, tenant_id):
    one = put(store, tenant_id, b"0123456789")
    assert read(store, tenant_id, one.name, start=7) == b"789"


def test_the_same_content_is_one(store, tenant_id):
    put(store, tenant_id, b"a")
    put(store, tenant_id, b"a")
    assert len(names(store, tenant_id)) == 1


def test_many_contents_are_kept_together(store, tenant_id):
    with ExitStack() as stack:
        staged = [
            stack.enter_context(
                store.stage(BytesIO(b"%d" % number), tenant_id=tenant_id, limit_bytes=9)
            )
            for number in range(40)
        ]
        assert names(store, tenant_id) == set()
        store.keep(staged)
    assert names(store, tenant_id) == {one.sha256 for one in staged}


@pytest.mark.parametrize("size", [1, SMALL_BYTES + 1])
def test_what_is_not_kept_is_gone(store, tenant_id, size):
    with store.stage(BytesIO(b"x" * size), tenant_id=tenant_id, limit_bytes=size):
        pass
    assert names(store, tenant_id) == set()
    assert store.delete_unfinished(tenant_id=tenant_id, before=now() + timedelta(days=1)) == 0


def test_what_a_dead_process_staged_is_swept_once_it_is_old(store, tenant_id):
    staging = store.stage(
        BytesIO(b"x" * (SMALL_BYTES + 1)), tenant_id=tenant_id, limit_bytes=SMALL_BYTES + 1
    )
    staging.__enter__()
    assert names(store, tenant_id) == set()
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)  # the emulator dates each upload 2010
    assert store.delete_unfinished(tenant_id=tenant_id, before=long_ago) == 0
    assert store.delete_unfinished(tenant_id=tenant_id, before=now() + timedelta(days=1)) == 1
    assert store.delete_unfinished(tenant_id=tenant_id, before=now() + timedelta(days=1)) == 0


def test_content_over_the_limit_is_refused_and_leaves_nothing(store, tenant_id):
    with (
        pytest.raises(TooLarge, match="larger than 10 bytes"),
        store.stage(BytesIO(b"x" * 11), tenant_id=tenant_id, limit_bytes=10),
    ):
        raise AssertionError
    assert names(store, tenant_id) == set()


def test_content_may_have_a_name_of_its_own(store, tenant_id):
    put(store, tenant_id, b"small", name="abc.thumbnail")
    assert read(store, tenant_id, "abc.thumbnail") == b"small"


def test_a_tenant_does_not_find_anothers_content(store, tenant_id):
    one = put(store, tenant_id, b"a")
    with pytest.raises(NotFound):
        store.open(one.name, tenant_id=uuid.uuid4())


def test_deleted_content_is_missing_and_deleting_it_again_is_harmless(store, tenant_id):
    one, other = put(store, tenant_id, b"a"), put(store, tenant_id, b"b")
    kept = put(store, tenant_id, b"c")
    for _ in range(2):
        store.delete([one.name, other.name], tenant_id=tenant_id)
    assert names(store, tenant_id) == {kept.name}
    with pytest.raises(NotFound, match="no longer stored"):
        store.open(one.name, tenant_id=tenant_id)


def test_all_of_a_tenant_goes_and_others_stay(store, tenant_id):
    other = uuid.uuid4()
    for owner in (tenant_id, other):
        for content in (b"a", b"b"):
            put(store, owner, content)
    for _ in range(2):
        store.delete_tenant(tenant_id)
    assert names(store, tenant_id) == set()
    assert len(names(store, other)) == 2


def test_the_store_says_of_whom_it_holds_what_since_when(store, tenant_id):
    before = now() - timedelta(seconds=2)
    put(store, tenant_id, b"a")
    assert tenant_id in set(store.tenants())
    (one,) = store.contents(tenant_id)
    assert before <= one.at <= now() + timedelta(seconds=2)


def test_a_big_file_passes_in_little_memory(store, tenant_id, tmp_path):
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(60 * MEGABYTE)
    tracemalloc.start()
    try:
        with (
            big.open("rb") as content,
            store.stage(content, tenant_id=tenant_id, limit_bytes=60 * MEGABYTE) as one,
        ):
            _, staging = tracemalloc.get_traced_memory()
            if isinstance(store, S3Store):
                return  # the emulator, in this process, holds what it is given
            store.keep([one])
        file = store.open(one.name, tenant_id=tenant_id)
        with file:
            while file.read(MEGABYTE):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert max(staging, peak) < 20 * MEGABYTE  # other threads of this process have their share


def test_an_address_of_s3_gives_the_content_as_a_download(s3_store, tenant_id):
    one = put(s3_store, tenant_id, b"a,b\n")
    address = s3_store.link(
        one.name,
        tenant_id=tenant_id,
        seconds=60,
        media_type="text/csv",
        disposition='attachment; filename="a.csv"',
    )
    answer = httpx.get(address)
    assert (answer.status_code, answer.content) == (200, b"a,b\n")
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert "X-Amz-Expires=60" in address


def test_s3_holds_the_tenants_content_under_the_prefix(s3_store, tenant_id, address):
    one = put(s3_store, tenant_id, b"a")
    (found,) = s3(address).list_objects_v2(Bucket=s3_store.bucket)["Contents"]
    assert found["Key"] == f"kept/{tenant_id}/{one.sha256}"


def test_a_bucket_that_is_not_there_is_said_to_be_unusable(s3_store, tenant_id):
    lost = S3Store(s3_store.client, "no-such-bucket")
    with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
        put(lost, tenant_id, b"a")


def test_a_folder_that_cannot_be_written_is_said_to_be_unusable(tmp_path, tenant_id):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        put(FolderStore(tmp_path / "file"), tenant_id, b"a")
