"""What the http tool makes of answers."""

import tracemalloc

import pytest

from apps.tools.runners.limits import MEGABYTE
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.http.hosts import LARGE


def test_any_status_is_a_result(call):
    ran = call("/status?code=418")
    assert (ran.status, ran.value["status"], ran.value["body"]) == ("ok", 418, "short and stout")


def test_a_status_fails_the_call_when_it_asks_for_that(call):
    ran = call("/status?code=404", fail_from_status=404)
    assert (ran.status, ran.value["body"]) == ("error", "short and stout")
    assert "status 404" in ran.detail
    assert call("/status?code=404", fail_from_status=500).status == "ok"


def test_a_binary_body_becomes_a_file(call):
    ran = call("/binary")
    assert ran.value["body"] is None
    assert [(file.name, file.content.read()) for file in ran.files] == [("binary", b"\x89PNG\xff")]


def test_a_body_is_kept_as_a_file_when_asked(call):
    ran = call("/large", save_as="answers/all.txt")
    [file] = ran.files
    assert (ran.status, ran.value["body"]) == ("ok", None)
    assert (file.name, file.size_bytes, len(file.content.read())) == (
        "answers/all.txt", LARGE, LARGE,
    )  # fmt: skip


def test_the_text_of_an_error_is_shown_though_a_file_was_wanted(call):
    ran = call("/status?code=404", save_as="a.bin")
    assert (ran.value["body"], ran.files) == ("short and stout", ())


def test_a_large_text_is_cut_and_said_so(call):
    ran = call("/large")
    assert (ran.status, len(ran.value["body"])) == ("output_exceeded", MEGABYTE)
    assert "its beginning is kept" in ran.detail


def test_a_large_binary_body_is_a_file_up_to_the_limit(call):
    assert call("/large-binary").files[0].size_bytes == LARGE
    ran = call("/large-binary", limits={"artifact_bytes": 2 * MEGABYTE})
    assert (ran.status, ran.files) == ("output_exceeded", ())
    assert "it is not kept" in ran.detail


def test_a_declared_charset_is_read(call):
    assert call("/latin").value["body"] == "Grüße"


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw", "members"])
def test_packed_bodies_are_unpacked(call, kind):
    assert call(f"/packed?as={kind}").value["body"] == {"packed": kind}


@pytest.mark.parametrize("kind", ["broken", "short"])
def test_a_badly_packed_body_is_no_answer(call, kind):
    with pytest.raises(ToolFailure) as failure:
        call(f"/packed?as={kind}")
    assert (failure.value.code, failure.value.is_retryable) == ("bad_answer", False)


def test_a_bomb_is_cut_without_being_held(call):
    tracemalloc.start()
    try:
        ran = call("/bomb")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ran.status == "output_exceeded"
    assert peak < 20 * MEGABYTE


def test_a_body_in_chunks_is_put_together(call):
    assert call("/chunked").value["body"] == "firstlast"


@pytest.mark.parametrize("path", ["/chunked?cut=1", "/cut"])
def test_a_body_that_ends_early_is_no_answer(call, path):
    with pytest.raises(ToolFailure) as failure:
        call(path, retries=0)
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)


def test_the_answer_of_a_head_has_no_body(call):
    ran = call("/large", method="HEAD")
    assert (ran.value["body"], ran.value["headers"]["content-length"]) == ("", str(LARGE))
