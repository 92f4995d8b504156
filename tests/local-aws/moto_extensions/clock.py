"""Time on AWS, sped up: a minute there is three seconds here when LOCAL_TIME_SCALE is 20."""

import os
import threading
import time

SCALE = float(os.environ.get("LOCAL_TIME_SCALE", "1"))


def now() -> float:
    """Seconds on the sped-up clock."""
    return time.monotonic() * SCALE


class Bucket:
    """A token bucket as AWS throttles with: `rate` tokens a second, at most `burst`."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._filled_at = burst, now()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there was a token."""
        with self._lock:
            at = now()
            self._tokens = min(self._burst, self._tokens + (at - self._filled_at) * self._rate)
            self._filled_at = at
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
