"""The directory of the journal: creating entries, and finding those with something left to send."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from filelock import Timeout

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.file import SUFFIX, EntryFile, read_state
from voicechat_tui.journal.ranges import Ranges
from voicechat_tui.journal.writer import JournalWriter
from voicechat_tui.language import _
from voicechat_tui.redaction import without_login

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A talk with something left to send.

    Attributes:
        path: Its file.
        header: Whose speech it is.
        unfinished: The samples to send.
    """

    path: Path
    header: EntryHeader
    unfinished: Ranges

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.stem

    @property
    def left(self) -> timedelta:
        """How much speech is left to send."""
        return timedelta(seconds=sum(part.length for part in self.unfinished) / self.header.sample_rate)


class Journal:
    """The entries in one directory.

    Policy: speech is never deleted to make room. Once the limit is reached, a talk is not kept, and its
    speaker is told.

    Args:
        directory: Where they are; it need not exist yet.
        max_mb: The most megabytes they may take up together.
    """

    def __init__(self, directory: Path, max_mb: int) -> None:
        self._directory = directory
        self._max_bytes = max_mb * MEGABYTE

    def recording(self, url: str) -> Callable[[Start], JournalWriter]:
        """Return a function that begins the entry of a talk, as `voice.VoiceStream` expects it.

        Args:
            url: The server being spoken to, as given in the settings. Its credentials are left out.
        """
        return lambda start: self.begin(
            EntryHeader(
                sample_rate=start.sample_rate,
                chat_id=start.chat_id,
                user=start.user,
                url=without_login(url),
                started_at=datetime.now(UTC),
            )
        )

    def begin(self, header: EntryHeader) -> JournalWriter:
        """Begin the entry of a talk.

        Args:
            header: Whose speech it is.

        Raises:
            VoicechatError: `disk` if the entry can't be created.
        """
        name = f"{header.started_at:%Y%m%d-%H%M%S}-{token_hex(2)}{SUFFIX}"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            room = self._max_bytes - sum(path.stat().st_size for path in self._files())
            file = EntryFile(self._directory / name, create=True)
        except OSError as error:
            raise _no_journal(self._directory, error) from error
        return JournalWriter(file, header, room)

    def entries(self) -> list[Entry]:
        """Return what is left to send, oldest first, including talks in progress.

        Raises:
            VoicechatError: `disk` if the directory can't be read.
        """
        found: list[Entry] = []
        try:
            for path in self._files():
                with suppress(FileNotFoundError):  # It may have been sent and removed meanwhile.
                    state = read_state(path)
                    if state.header is not None and state.unfinished:
                        found.append(Entry(path, state.header, state.unfinished))
        except OSError as error:
            raise _no_journal(self._directory, error) from error
        return sorted(found, key=lambda entry: (entry.header.started_at, entry.name))

    def take(self, entry: Entry) -> EntryFile | None:
        """Open an entry to send it; None if another process has it or has already sent it.

        Raises:
            VoicechatError: `disk` if it can't be read and written.
        """
        try:
            return EntryFile(entry.path)
        except (Timeout, FileNotFoundError):
            return None
        except OSError as error:
            raise _no_journal(entry.path, error) from error

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob(f"*{SUFFIX}"))


def _no_journal(path: Path, error: OSError) -> VoicechatError:
    return VoicechatError(
        ErrorCode.DISK,
        _("The journal {path} can't be used: {reason}.", path=path, reason=error.strerror),
        _("Check the directory's permissions, or name another with VOICECHAT_TUI_DATA."),
    )
