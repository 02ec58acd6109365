"""Keeping one talk in the journal while it is spoken."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Ack, Done, Final, Ready
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed, durable_end
from voicechat_tui.journal import format as records
from voicechat_tui.journal.entry import EntryHeader, StreamRecord
from voicechat_tui.journal.file import EntryFile, sync_directory
from voicechat_tui.journal.ranges import Range, Ranges, difference
from voicechat_tui.language import _

log = logging.getLogger(__name__)


class JournalWriter:
    """Appends one talk to its entry. No call raises: the talk goes on without a journal, reported once.

    When `append` returns, the operating system has the block, so that nothing is lost if the client crashes
    or is killed. It is on the disk a second of audio later, so that a power failure costs that second; a
    separate thread waits for the disk.

    Args:
        file: The new entry, which nobody else has open.
        header: Whose speech it is.
        room: The bytes it may take.

    Attributes:
        problem: Why the talk is no longer kept, or None.
    """

    def __init__(
        self,
        file: EntryFile,
        header: EntryHeader,
        room: int,
    ) -> None:
        self.problem: VoicechatError | None = None
        self._file = file
        self._header = header
        self._room = room
        self._lost: Ranges = ()
        self._received = 0
        self._unsynced = 0
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._syncing: Future[None] = self._disk.submit(sync_directory, file.path.parent)
        self._write(header.encoded())

    def append(self, samples: Samples) -> None:
        """Keep the next audio of the talk; call this before sending it."""
        if self.problem is not None:
            return
        record = records.audio(samples)
        if self._file.size + len(record) > self._room:
            self._give_up(_full())
            return
        if self._write(record):
            self._unsynced += len(samples)
        if self._unsynced >= self._header.sample_rate and self._syncing.done():
            self._unsynced = 0
            self._start_sync()

    def hear(self, event: Event) -> None:
        """Note what the server has taken responsibility for, from an event of the talk's speech client."""
        match event:
            case Ready() | Resumed():
                self._note_stream(event.stream_id, self._file.state.stream.finals)
            case Final():
                stream = self._file.state.stream
                self._note_stream(stream.stream_id, max(stream.finals, event.segment + 1))
            case Ack() if self._header.chat_id is not None:
                self._settle(durable_end(event))
            case Done():
                self._settle(self._file.state.samples)
            case AudioLost():
                rate = self._header.sample_rate
                begin = max(self._received, event.at_ms * rate // 1000)
                end = -(-(event.at_ms + event.ms) * rate // 1000)
                self._lost = (*self._lost, Range(begin, max(begin, end)))

    def close(self) -> None:
        """Close the entry; it is removed if nothing is left to send. This may wait for the disk."""
        if self._file.state.unfinished:
            self._start_sync()
        self._disk.shutdown(wait=True)
        self._notice_failed_sync()
        try:
            self._file.close()
        except OSError as error:
            self._give_up(_unwritable(error))

    def _note_stream(self, stream_id: str | None, finals: int) -> None:
        record = StreamRecord(stream_id=stream_id, finals=finals)
        if record != self._file.state.stream:
            self._write(record.encoded())

    def _settle(self, end: int) -> None:
        fresh = Range(self._received, max(self._received, end))
        self._received = fresh.end
        settled = difference(fresh, self._lost)
        if settled:
            self._write(*(records.settled(part) for part in settled))

    def _write(self, *encoded: bytes) -> bool:
        try:
            self._file.append(*encoded)
        except OSError as error:
            self._give_up(_unwritable(error))
            return False
        return True

    def _start_sync(self) -> None:
        self._notice_failed_sync()
        self._syncing = self._disk.submit(self._file.sync)

    def _notice_failed_sync(self) -> None:
        error = self._syncing.exception()
        if isinstance(error, OSError):
            self._give_up(_unwritable(error))

    def _give_up(self, problem: VoicechatError) -> None:
        log.warning("the journal is not kept: %s", problem.message)
        if self.problem is None:
            self.problem = problem


def _full() -> VoicechatError:
    return VoicechatError(
        ErrorCode.DISK,
        _("The journal is full: what you say now is not kept on disk."),
        _("Send what is in it with `voicechat-tui replay --journal`, or raise journal_max_mb."),
    )


def _unwritable(error: OSError) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DISK,
        _("The journal can't be written: {reason}.", reason=error.strerror),
        _("What you say now is not kept on disk; free up space there, or check the directory's permissions."),
    )
