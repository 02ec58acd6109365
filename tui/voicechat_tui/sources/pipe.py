"""Reading a pipe without ever blocking the event loop."""

import asyncio
import os
import threading

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

_READ_BYTES = 1 << 15
_READS_AHEAD = 8


class PipeReader:
    """Reads a descriptor in a separate thread, a bounded number of reads ahead.

    A read from a pipe can't be cancelled, and must not keep the program from exiting: hence a daemon
    thread, and `os.read`, which holds no lock on the interpreter's buffers.

    Args:
        fd: The descriptor.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._free = threading.Semaphore(_READS_AHEAD)
        self._closed = False
        self._queue: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._at_end = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start reading, from a copy of the descriptor: a closed one's number may soon mean another file."""
        try:
            copy = os.dup(self._fd)
        except OSError as error:
            self._queue.put_nowait(error)
            return
        threading.Thread(target=self._run, args=(loop, copy), daemon=True, name="standard input").start()

    def close(self) -> None:
        """Let the thread end with its next read."""
        self._closed = True
        self._free.release()

    async def read(self) -> bytes:
        """Return the next bytes, or no bytes at the end.

        Raises:
            VoicechatError: `bad_audio_file` if the descriptor can't be read.
        """
        if self._at_end:
            return b""
        item = await self._queue.get()
        self._free.release()
        if isinstance(item, OSError):
            raise VoicechatError(
                ErrorCode.BAD_AUDIO_FILE,
                _("Standard input can't be read: {reason}.", reason=item.strerror),
                _("Check what is piped into it."),
            ) from item
        self._at_end = not item
        return item

    def _run(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        try:
            while self._read_once(loop, fd):
                pass
        finally:
            os.close(fd)

    def _read_once(self, loop: asyncio.AbstractEventLoop, fd: int) -> bool:
        """Hand over the next bytes; return whether there may be more and they are still wanted."""
        self._free.acquire()
        if self._closed:
            return False
        item: bytes | OSError
        try:
            item = os.read(fd, _READ_BYTES)
        except OSError as error:
            item = error
        try:
            loop.call_soon_threadsafe(self._queue.put_nowait, item)
        except RuntimeError:  # The loop was closed meanwhile: nobody is listening.
            return False
        return bool(item) and not isinstance(item, OSError)
