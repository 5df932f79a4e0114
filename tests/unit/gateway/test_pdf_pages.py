"""PDFs are held at no less than what their pages are billed as."""

import base64
import zlib

import pytest

from apps.gateway.providers.image_tokens import bound_anthropic_pdf, bound_openai_pdf
from apps.gateway.providers.pdf_pages import MOST_PAGES, pdf_pages

PAGE = b"4 0 obj << /Type /Page /Parent 2 0 R >> endobj\n"
TREE = b"2 0 obj << /Type /Pages /Kids [] /Count %d >> endobj\n"


def as_url(*pieces: bytes) -> str:
    data = b"%PDF-1.7\n" + b"".join(pieces) + b"%%EOF"
    return f"data:application/pdf;base64,{base64.b64encode(data).decode()}"


def packed(objects: bytes) -> bytes:
    head = b"7 0 obj << /Type /ObjStm /N 2 /First 10 /Filter /FlateDecode >> stream\r\n"
    return head + zlib.compress(objects) + b"\nendstream endobj\n"


PDFS = {
    "objects of pages": (as_url(TREE % 2, PAGE, PAGE), 2),
    "bookmarks, which are counted too": (as_url(b"<< /Count 300 >>", PAGE, PAGE, PAGE), 3),
    "a tree alone": (as_url(TREE % 12), 12),
    "packed objects": (as_url(packed(TREE % 3 + PAGE * 3)), 3),
    "several packed streams": (as_url(packed(PAGE * 2), packed(PAGE * 2)), 4),
    "a broken packed stream": (
        as_url(packed(PAGE).replace(b"stream\r\n", b"stream\r\nxx"), PAGE), 1
    ),
    "a packed stream without an end": (as_url(b"/ObjStm >> stream\r\n", b"abc"), MOST_PAGES),
    "nothing to be seen": (as_url(b"encrypted"), MOST_PAGES),
    "no base64": ("data:application/pdf;base64,=", MOST_PAGES),
    "an address": ("https://example.com/a.pdf", MOST_PAGES),
}  # fmt: skip


@pytest.mark.parametrize("name", PDFS)
def test_pages_are_counted_in_the_bytes(name: str) -> None:
    url, pages = PDFS[name]
    assert pdf_pages(url) == pages


def test_what_is_packed_to_burst_is_unpacked_no_further_than_objects_are_long() -> None:
    bomb = packed(b" " * 50_000_000)
    assert pdf_pages(as_url(bomb, PAGE)) == 1


def test_each_page_counts_as_a_text_and_an_image() -> None:
    """As measured: a page of text is 2,347 tokens of Claude's at most."""
    url = as_url(PAGE * 10)
    assert 10 * 2_347 <= bound_anthropic_pdf(url) <= 100_000
    assert 10 * 765 <= bound_openai_pdf(url, model="gpt-4o") <= 50_000
