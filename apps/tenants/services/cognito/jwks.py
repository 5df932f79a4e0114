"""The keys of a user pool, kept at hand."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from apps.tenants.contracts import IdentityUnavailable
from apps.tenants.services.cognito.fetch_keys import KeysUnreadable

log = structlog.get_logger("identity")

COOLDOWN_SECONDS = 10.0
FRESH_SECONDS = 5 * 60.0
USABLE_SECONDS = 24 * 3600.0

Keys = Mapping[str, RSAPublicKey]


@dataclass(frozen=True)
class _Known:
    """The last set that was read, and when."""

    keys: Keys = field(default_factory=dict)
    at: float = -math.inf


class KeySet:
    """The keys of one pool, asked for when one is missing or the set is no longer fresh.

    At most one fetch in COOLDOWN_SECONDS, whoever asks and however the last one ended: a flood of
    made-up names is no flood of fetches. While the pool cannot be asked, the last set serves for
    USABLE_SECONDS. Safe to share between threads.
    """

    def __init__(
        self, fetch: Callable[[], Keys], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._fetching = threading.Lock()
        self._known = _Known()
        self._tried_at = -math.inf

    def find(self, kid: str) -> RSAPublicKey | None:
        """The key named `kid`; None when the pool has none. Raises IdentityUnavailable.

        Who lacks its key waits for the fetch under way; everyone else uses what is known.
        """
        is_missing = kid not in self._usable_keys()
        if is_missing or self._age_seconds() >= FRESH_SECONDS:
            self._refresh(is_waiting=is_missing)
        keys = self._usable_keys()
        if not keys:
            raise IdentityUnavailable(
                "Tokens cannot be verified for the moment; try again.",
                retry_after_seconds=COOLDOWN_SECONDS - (self._monotonic() - self._tried_at),
            )
        return keys.get(kid)

    def _usable_keys(self) -> Keys:
        known = self._known
        return known.keys if self._monotonic() - known.at < USABLE_SECONDS else {}

    def _age_seconds(self) -> float:
        return self._monotonic() - self._known.at

    def _refresh(self, *, is_waiting: bool) -> None:
        if not self._fetching.acquire(blocking=is_waiting):
            return
        try:
            if self._monotonic() - self._tried_at >= COOLDOWN_SECONDS:
                self._try_to_fetch()
        finally:
            self._fetching.release()

    def _try_to_fetch(self) -> None:
        try:
            self._known = _Known(self._fetch(), self._monotonic())
        except KeysUnreadable as error:
            log.warning("identity.keys_unreadable", error=str(error))
        finally:
            self._tried_at = self._monotonic()
