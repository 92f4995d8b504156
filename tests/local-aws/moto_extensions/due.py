"""What services do by themselves, some time after they were asked."""

import threading
from collections.abc import Callable

from . import clock

_lock, _due = threading.Lock(), []


def later(seconds: float, what: Callable[[], object]) -> None:
    """Does it so many seconds on AWS from now, before the next call that looks."""
    with _lock:
        _due.append((clock.now() + seconds, what))


def settle() -> None:
    """Does what is due by now."""
    with _lock:
        ready = [entry for entry in _due if entry[0] <= clock.now()]
        _due[:] = [entry for entry in _due if entry not in ready]
    for _, what in ready:
        what()


def settled(backends) -> property:
    """The backend of a call, in which all is done that is due."""

    def backend(self):
        settle()
        return backends[self.current_account][self.region]

    return property(backend)
