"""How often something may happen."""

from dataclasses import dataclass


@dataclass
class Pace:
    """Up to `most` at once, `most` a minute in the long run. Times are seconds of any steady
    clock."""

    most: int
    _tokens: float = -1.0
    _seen_at: float = 0.0

    def take(self, at: float) -> bool:
        """Whether it may happen now; if so it has."""
        if self._tokens < 0:
            self._tokens, self._seen_at = float(self.most), at
        grown = (at - self._seen_at) * self.most / 60
        self._tokens, self._seen_at = min(float(self.most), self._tokens + grown), at
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
