import pytest

from apps.tools.services.artifact_names import clean_name
from apps.tools.services.media_types import sniff_media_type

OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("a.png", b"not a picture", "application/octet-stream"),
        ("a", b"%PDF-1.7", "application/pdf"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("A.CSV", b"a,b\n", "text/csv"),
        ("a.csv", b"a\x00b", "application/octet-stream"),
        ("a.json", b"{}", "application/json"),
        ("a.txt", b"", "text/plain"),
        ("a.txt", b"<!DOCTYPE html><p>", "text/html"),
        ("a.txt", b"  <svg xmlns=", "image/svg+xml"),
        ("a.html", b"<p>x", "text/html"),
        ("a.exe", b"MZ", "application/octet-stream"),
        ("", b"", "application/octet-stream"),
        ("a", b"GIF89a....", "image/gif"),
        ("a.txt", b"RIFF....WEBPVP8 ", "image/webp"),
        ("a.wav", b"RIFF....junk", "application/octet-stream"),
        ("a.zip", b"PK\x03\x04....", "application/zip"),
        (
            "a.xlsx",
            b"PK\x03\x04....",
            f"{OFFICE}.spreadsheetml.sheet",
        ),
        ("a.xlsx", b"no archive", "application/octet-stream"),
        ("a.jpg", b"....ftypisom....", "video/mp4"),
        ("a.csv", b"<script>alert(1)</script>", "text/html"),
        ("a.json", b"\xef\xbb\xbf <!-- x --> <IMG src=x onerror=y>", "text/html"),
        ("a.txt", b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='x'>", "image/svg+xml"),
        ("a.txt", b"<basalt> is a rock", "text/plain"),
        ("a.xml", b"<?xml version='1.0'?><rows/>", "application/xml"),
    ],
)
def test_the_content_decides_before_the_name(name, head, expected):
    assert sniff_media_type(name=name, head=head) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.csv", "report.csv"),
        ("charts/a.png", "charts/a.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/x", "abs/x"),
        ("a\\..\\b", "a/b"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("\ud800x", "\ufffdx"),
        ("", "file"),
        ("..", "file"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_names_are_made_harmless(name, expected):
    assert clean_name(name) == expected
