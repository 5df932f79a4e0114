"""Hear the text of a run's calls while it comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.gateway.contracts import TextDelta
from apps.gateway.services.delta_store import (
    TIMEOUT_SECONDS,
    Voice,
    run_key,
    text_key,
    unpack_voice,
)

log = structlog.get_logger("llm")

MAX_CHARACTERS = 8192
"""Of one delta."""
WAIT_AFTER_FAILURE = timedelta(seconds=5)
# Two servers' clocks may differ by this after one has taken over from the other.
_OVERLAP_MS = 1000


@dataclass
class _Heard:
    """How far a voice was heard."""

    voice_id: UUID
    bytes: int = 0
    characters: int = 0
    is_over: bool = False


class DeltaEar:
    """Follows one run for one listener. Calls that were over before it came are not heard."""

    def __init__(self, *, tenant_id: UUID, run_id: UUID) -> None:
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._heard: dict[UUID, _Heard] = {}
        self._since_ms = 0
        self._deaf_until: datetime | None = None

    def listen(self, at: datetime) -> list[TextDelta]:
        """What was said since the last time; nothing while Valkey does not answer."""
        if self._deaf_until is not None and at < self._deaf_until:
            return []
        try:
            said = list(self._listen())
        except redis.RedisError as error:
            if self._deaf_until is None:
                log.warning("llm.text_not_heard", run_id=str(self._run_id), error=str(error))
            self._deaf_until = at + WAIT_AFTER_FAILURE
            return []
        self._deaf_until = None
        return said

    def _listen(self) -> Iterator[TextDelta]:
        now_ms, changed = self._changed_voices()
        if not self._since_ms:
            for voice in changed.values():
                self._heard[voice.call_id] = _Heard(voice.id, is_over=voice.is_over)
        self._heard = {
            call_id: heard
            for call_id, heard in self._heard.items()
            if call_id in changed or not heard.is_over
        }
        voices = [voice for voice in changed.values() if not self._is_heard_out(voice)]
        texts = self._texts(voices)
        self._since_ms = now_ms - _OVERLAP_MS
        for voice, text in zip(voices, texts, strict=True):
            yield from self._take(voice, text)

    def _changed_voices(self) -> tuple[int, dict[UUID, Voice]]:
        """Valkey's time, and the newest voice of each call that changed since the last look."""
        key = run_key(tenant_id=self._tenant_id, run_id=self._run_id)
        with _client().pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.zrange(key, self._since_ms, "+inf", byscore=True)
            (seconds, microseconds), members = pipeline.execute()
        voices = [unpack_voice(member.decode()) for member in members]
        return seconds * 1000 + microseconds // 1000, {voice.call_id: voice for voice in voices}

    def _is_heard_out(self, voice: Voice) -> bool:
        heard = self._heard.get(voice.call_id)
        return heard is not None and heard.voice_id == voice.id and heard.is_over

    def _texts(self, voices: list[Voice]) -> list[bytes]:
        """What each voice has said that was not heard yet."""
        if not voices:
            return []
        with _client().pipeline(transaction=False) as pipeline:
            for voice in voices:
                heard = self._heard.get(voice.call_id)
                start = heard.bytes if heard and heard.voice_id == voice.id else 0
                ids = {"tenant_id": self._tenant_id, "run_id": self._run_id}
                pipeline.getrange(text_key(**ids, voice_id=voice.id), start, -1)
            return pipeline.execute()

    def _take(self, voice: Voice, text: bytes) -> Iterator[TextDelta]:
        heard = self._heard.get(voice.call_id)
        if heard is None or heard.voice_id != voice.id:
            if heard is not None and heard.characters and not text:
                yield TextDelta(call_id=voice.call_id, step_id=voice.step_id, offset=0, text="")
            heard = self._heard[voice.call_id] = _Heard(voice.id)
        said = text.decode(errors="replace")
        for start in range(0, len(said), MAX_CHARACTERS):
            piece = said[start : start + MAX_CHARACTERS]
            offset = heard.characters + start
            yield TextDelta(call_id=voice.call_id, step_id=voice.step_id, offset=offset, text=piece)
        heard.bytes += len(text)
        heard.characters += len(said)
        heard.is_over = voice.is_over


def _client() -> redis.Redis:
    """One client and its connections a process."""
    return _client_of(settings.REDIS_URL)


@cache
def _client_of(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
