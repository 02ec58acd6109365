"""Who may use memory that moves when it grows."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Access:
    """Lets any number of users in at once, or one that needs to be alone."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._users = 0
        self._wishing = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Use what is there, beside others; not within another use."""
        with self._changed:
            self._changed.wait_for(lambda: self._wishing == 0)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Change what is there, when no one uses it; who comes meanwhile waits."""
        with self._changed:
            self._wishing += 1
            try:
                self._changed.wait_for(lambda: self._users == 0)
                yield
            finally:
                self._wishing -= 1
                self._changed.notify_all()
