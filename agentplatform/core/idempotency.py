"""What a header Idempotency-Key may be, wherever it is taken."""

import re
from typing import Final

IDEMPOTENCY_KEY_RULE: Final = "Send 1 to 255 visible ASCII characters."
_VISIBLE_ASCII: Final = re.compile(r"[!-~]{1,255}")


def is_idempotency_key(key: str) -> bool:
    return _VISIBLE_ASCII.fullmatch(key) is not None
