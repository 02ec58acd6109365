"""A read-write lock for threads, for memory that moves when it grows."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class ReadWriteLock:
    """Lets in any number of readers, or one writer; readers that come after a waiting writer wait for it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._readers = 0
        self._writers = 0

    @contextmanager
    def read(self) -> Iterator[None]:
        """Hold the lock together with other readers; don't nest it."""
        with self._changed:
            self._changed.wait_for(lambda: self._writers == 0)
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def write(self) -> Iterator[None]:
        """Hold the lock alone, once the readers that have it are done."""
        with self._changed:
            self._writers += 1
            try:
                self._changed.wait_for(lambda: self._readers == 0)
                yield
            finally:
                self._writers -= 1
                self._changed.notify_all()
