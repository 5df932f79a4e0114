"""Draw a small picture of an image that nobody trusts: in the sandbox, where programs run."""

import threading
from typing import BinaryIO

from apps.tools.runners.backends import choose_sandbox
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.sandbox import Job, Outcome
from apps.tools.runners.work import ToolFailure

SIDE = 320
_PROGRAM = f"""
import warnings
from PIL import Image, ImageOps
Image.MAX_IMAGE_PIXELS = 64_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)
with Image.open("/box/inputs/image", formats=["PNG", "JPEG", "GIF", "WEBP"]) as image:
    image.draft("RGB", ({2 * SIDE}, {2 * SIDE}))
    picture = image.convert("RGBA")
    picture.thumbnail(({SIDE}, {SIDE}))
    picture = ImageOps.exif_transpose(picture)
    picture.save("/box/artifacts/thumbnail.png")
"""
_LIMITS = Limits(
    wall_seconds=20.0,
    memory_bytes=1024 * MEGABYTE,
    process_bytes=1024 * MEGABYTE,
    processes=16,
    work_bytes=4 * MEGABYTE,
    file_bytes=MEGABYTE,
    artifacts=1,
    artifact_bytes=MEGABYTE // 2,
    artifacts_bytes=MEGABYTE // 2,
)
_PNG = b"\x89PNG\r\n\x1a\n"


def make_thumbnail(image: BinaryIO, *, call: str, stop: threading.Event) -> BinaryIO:
    """A PNG image of at most SIDE by SIDE pixels, open at its start: the caller closes it. `call`
    is as a Job has it.

    Raises ToolFailure when it cannot be made: the image is broken or too large, or the sandbox has
    no Pillow.
    """
    job = Job(
        language="python",
        program=_PROGRAM,
        inputs={"image": image},
        limits=_LIMITS,
        call=call,
    )
    outcome = choose_sandbox().run(job, stop=stop)
    if not outcome.files:
        raise _failure(outcome)
    picture = outcome.files[0].content  # the limits allow no second one
    if outcome.status != "ok" or picture.read(len(_PNG)) != _PNG:
        picture.close()
        raise _failure(outcome)
    picture.seek(0)
    return picture


def _failure(outcome: Outcome) -> ToolFailure:
    words = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return ToolFailure("no_thumbnail", f"{outcome.status}: {words[:500]}")
