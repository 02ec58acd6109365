"""Speech on disk until it is recognised, so that it survives a lost server, a crash and a closed terminal.

`Journal` is the directory, with an entry for each talk. `JournalWriter` keeps one while it is spoken:

    header = EntryHeader(sample_rate=16_000, chat_id="team", user="anna", url=url, started_at=now)
    writer = journal.begin(header)
    writer.append(samples)  # before they are sent
    writer.hear(event)      # each event of the speech client
    writer.close()          # an entry of which nothing is left to send is removed
"""

from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.store import Journal
from voicechat_tui.journal.writer import JournalWriter

__all__ = ["EntryHeader", "Journal", "JournalWriter"]
