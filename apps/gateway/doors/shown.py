"""Images and PDFs of a request."""

import re
from typing import Final

from apps.gateway.doors.checks import text, wrong_value

_DATA: Final = r";base64,[A-Za-z0-9+/=\s]*\Z"
_IMAGE: Final = re.compile(rf"data:image/(?:png|jpeg|jpg|gif|webp){_DATA}")
_PDF: Final = re.compile(rf"data:application/pdf{_DATA}")


def read_image(value: object, param: str, limit: int) -> str:
    """The address of an image, or the image as a data URL. Raises Refusal."""
    url = text(value, param)
    check_length(url, param, limit, what="image")
    if not url.startswith("https://") and _IMAGE.match(url) is None:
        raise wrong_value(
            param,
            "it must be an https address, or a data URL of a png, jpeg, gif or webp image in "
            "base64.",
        )
    return url


def read_pdf(value: object, param: str, limit: int) -> str:
    """A PDF as a data URL. Raises Refusal."""
    url = text(value, param)
    check_length(url, param, limit, what="PDF")
    if _PDF.match(url) is None:
        raise wrong_value(
            param,
            "it must be a data URL of a PDF in base64 (data:application/pdf;base64,...); send the "
            "text of other files.",
        )
    return url


def read_address(value: object, param: str) -> str:
    """An address. Raises Refusal."""
    url = text(value, param)
    if not url.startswith("https://"):
        raise wrong_value(param, "it must be an https address.")
    return url


def check_length(data: str, param: str, limit: int, *, what: str) -> None:
    """Raises Refusal for what is longer than the operator allows."""
    if len(data) > limit:
        raise wrong_value(
            param,
            f"the {what} is {len(data)} bytes long in base64, at most {limit} are allowed; send a "
            f"smaller {what}, or its https address.",
        )
