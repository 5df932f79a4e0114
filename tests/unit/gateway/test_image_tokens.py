"""Images are held at no less than what they are billed as."""

import base64
import struct
import zlib

import pytest

from apps.gateway.providers.image_size import image_size
from apps.gateway.providers.image_tokens import bound_anthropic_image, bound_openai_image

ADDRESS = "https://example.com/image.png"


def as_url(raw: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode()}"


def png(width: int, height: int) -> str:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    check = struct.pack(">I", zlib.crc32(chunk))
    return as_url(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + check)


def jpeg(width: int, height: int, *, before: int = 0) -> str:
    segment = b"\xff\xe1" + struct.pack(">H", 60_002) + bytes(60_000)
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return as_url(b"\xff\xd8" + segment * before + frame + b"\xff\xd9", "jpeg")


def webp(kind: bytes, body: bytes) -> str:
    chunk = kind + struct.pack("<I", len(body)) + body
    return as_url(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk, "webp")


SIZES = {
    "png": (png(640, 480), (640, 480)),
    "gif": (as_url(b"GIF89a" + struct.pack("<HH", 320, 200) + bytes(9), "gif"), (320, 200)),
    "jpeg": (jpeg(4000, 3000), (4000, 3000)),
    "jpeg after other pictures": (jpeg(4000, 3000, before=4), (4000, 3000)),
    "webp": (
        webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 800, 600) + bytes(9)),
        (800, 600),
    ),
    "lossless webp": (
        webp(b"VP8L", b"\x2f" + (799 | 599 << 14).to_bytes(4, "little") + bytes(9)),
        (800, 600),
    ),
    "extended webp": (
        webp(b"VP8X", bytes(4) + (799).to_bytes(3, "little") + (599).to_bytes(3, "little")),
        (800, 600),
    ),
    "cut png": (png(640, 480)[:40], None),
    "jpeg whose size comes too late": (jpeg(1, 1, before=9), None),
    "no image": (as_url(b"hello"), None),
    "no base64": ("data:image/png;base64,=", None),
    "address": (ADDRESS, None),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_size_is_read_from_the_first_bytes(name: str) -> None:
    url, size = SIZES[name]
    assert image_size(url) == size


OPENAI = [
    ("gpt-4o", "high", (1024, 1024), 765),
    ("gpt-4o-2024-08-06", "auto", (2048, 4096), 1105),
    ("gpt-4o", "low", (4096, 8192), 85),
    ("gpt-4o", "auto", (512, 512), 255),
    ("gpt-4o-mini", "auto", (1024, 1024), 25_501),
    ("gpt-4o-mini", "low", (1024, 1024), 2833),
    ("gpt-5", "high", (1024, 1024), 630),
    ("o1", "high", (1024, 1024), 675),
    ("gpt-4.1-mini", "auto", (1024, 1024), 1659),
    ("gpt-4.1-mini", "auto", (1800, 2400), 2353),
    ("gpt-4.1-nano", "auto", (1024, 1024), 2520),
]
"""As OpenAI's guide counts them: tokens of an image by model, detail and size."""


@pytest.mark.parametrize(("model", "detail", "size", "billed"), OPENAI)
def test_openais_tokens_are_bounded_from_above(
    model: str, detail: str, size: tuple[int, int], billed: int
) -> None:
    bound = bound_openai_image(png(*size), detail=detail, model=model)
    assert billed <= bound <= billed * 1.1
    unseen = bound_openai_image(ADDRESS, detail=detail, model=model)
    assert unseen >= billed


def test_a_model_that_is_not_known_is_held_at_the_dearest_rule() -> None:
    bound = bound_openai_image(ADDRESS, detail="auto", model="gpt-9")
    assert bound >= 10_000
    assert bound_openai_image(png(64, 64), detail="auto", model="gpt-9") < 50


ANTHROPIC = [((200, 200), 54), ((1000, 1000), 1334), ((1092, 1092), 1590), ((2576, 1456), 4784)]
"""As Anthropic's guide counts them."""


@pytest.mark.parametrize(("size", "billed"), ANTHROPIC)
def test_anthropics_tokens_are_bounded_from_above(size: tuple[int, int], billed: int) -> None:
    assert billed <= bound_anthropic_image(png(*size)) <= billed * 1.25 + 20
    assert bound_anthropic_image(ADDRESS) >= billed


def test_an_enormous_image_is_no_more_than_the_largest_that_is_looked_at() -> None:
    assert bound_anthropic_image(png(30_000, 30_000)) == bound_anthropic_image(ADDRESS)
    assert bound_openai_image(png(30_000, 30_000), detail="high", model="gpt-4o") == 765
    assert bound_openai_image(png(30_000, 9_000), detail="high", model="gpt-4o") <= 1445
