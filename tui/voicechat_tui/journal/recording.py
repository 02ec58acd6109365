"""Beginning an entry of the journal with each talk, as `voice.VoiceStream` asks for it."""

from collections.abc import Callable
from datetime import UTC, datetime

from voicechat_common.protocol.speech import Start
from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.store import Journal
from voicechat_tui.journal.writer import JournalWriter
from voicechat_tui.redaction import without_login


def recording(journal: Journal, url: str) -> Callable[[Start], JournalWriter]:
    """Return what begins the entry of a talk.

    Args:
        journal: Where it is kept.
        url: The server that is spoken to, as the settings have it. Its login stays there.
    """

    def begin(start: Start) -> JournalWriter:
        return journal.begin(
            EntryHeader(
                sample_rate=start.sample_rate,
                chat_id=start.chat_id,
                user=start.user,
                url=without_login(url),
                started_at=datetime.now(UTC),
            )
        )

    return begin
