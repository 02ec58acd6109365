"""One file of the journal, held by one process at a time."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from filelock import FileLock

from voicechat_common.audio import Samples
from voicechat_tui.journal.entry import EntryState
from voicechat_tui.journal.format import Decoder, Record
from voicechat_tui.journal.ranges import Range

SUFFIX = ".voice"
_READ_BYTES = 1 << 16


class EntryFile:
    """An entry that is open for appending. A context manager; nobody else can open it meanwhile.

    Args:
        path: The file.
        create: Whether it is a new one.

    Raises:
        filelock.Timeout: If another process has it open.
        FileNotFoundError: If there is no such file.
        OSError: If it can't be read and written.

    Attributes:
        path: The file.
        state: What it says so far.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self.state = EntryState()
        self._lock = FileLock(_lock_of(path), mode=0o600, thread_local=False)
        self._lock.acquire(timeout=0)
        try:
            decoder = Decoder()
            for record in () if create else _records(path, decoder):
                self.state.apply(record)
            flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._fd = os.open(path, flags | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
        except OSError:
            self._release()
            raise
        # A record that a crash left half-written would hide everything appended after it.
        os.ftruncate(self._fd, decoder.intact)
        self._size = decoder.intact

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Its bytes."""
        return self._size

    def append(self, *encoded: bytes) -> None:
        """Append records, all or nothing; the operating system has them when this returns.

        Raises:
            OSError: If they can't be written.
        """
        data = b"".join(encoded)
        try:
            written = 0
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += len(data)
        decoder = Decoder()
        for record in decoder.push(data):
            self.state.apply(record)

    def sync(self) -> None:
        """Wait until everything is on the disk, so that it survives a power failure."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close it; an entry with nothing left to send is removed."""
        os.close(self._fd)
        if not self.state.unfinished:
            self.path.unlink(missing_ok=True)
        self._release()

    def _release(self) -> None:
        self._lock.release()
        if not self.path.exists():
            _lock_of(self.path).unlink(missing_ok=True)


def read_state(path: Path) -> EntryState:
    """Return what an entry says, whoever has it open.

    Raises:
        OSError: If it can't be read.
    """
    state = EntryState()
    for record in _records(path, Decoder()):
        state.apply(record)
    return state


def read_samples(path: Path, wanted: Range) -> Iterator[Samples]:
    """Yield the samples of a range, in the blocks they were written in.

    Raises:
        OSError: If the file can't be read.
    """
    at = 0
    for record in _records(path, Decoder()):
        samples = record.samples if record.is_audio else None
        if samples is None:
            continue
        block = samples[max(0, wanted.begin - at) : max(0, wanted.end - at)]
        if len(block):
            yield block
        at += len(samples)
        if at >= wanted.end:
            return


def sync_directory(path: Path) -> None:
    """Wait until the directory's entries are on the disk, if the system has a call for that."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _records(path: Path, decoder: Decoder) -> Iterator[Record]:
    with path.open("rb") as file:
        while not decoder.broken and (data := file.read(_READ_BYTES)):
            yield from decoder.push(data)


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")
