"""Sending, listing and deleting what is left in the journal."""

import asyncio
import math

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.connection.address import server_name, speech_url
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.console.exit_codes import ExitCode, exit_code_of
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.live_line import clock
from voicechat_tui.console.screen import Screen
from voicechat_tui.journal import format as records
from voicechat_tui.journal.entry import StreamRecord
from voicechat_tui.journal.file import EntryFile
from voicechat_tui.journal.ranges import Range
from voicechat_tui.journal.store import Entry, Journal
from voicechat_tui.language import _
from voicechat_tui.redaction import shown
from voicechat_tui.replay.files import listeners, play
from voicechat_tui.replay.journal_source import JournalSource, SettlingListener
from voicechat_tui.replay.listeners import json_line
from voicechat_tui.replay.options import JournalAction, ReplayOptions


class JournalReplay:
    """What `replay --journal` does with the named entries, or with all.

    Args:
        journal: The journal.
        options: What was asked for.
        screen: Where to print.
        interrupt: May end it early.
    """

    def __init__(
        self, journal: Journal, options: ReplayOptions, screen: Screen, interrupt: Interrupt
    ) -> None:
        self._journal = journal
        self._options = options
        self._screen = screen
        self._interrupt = interrupt
        self._entries: list[Entry] = []

    async def run(self) -> ExitCode:
        """Do it; an entry that can't be sent does not prevent the others from being sent.

        Returns:
            The status of the first entry that failed.
        """
        self._entries = _named(await asyncio.to_thread(self._journal.entries), self._options.inputs)
        if not self._entries:
            self._screen.note(_("Nothing is left in the journal."))
        worst = ExitCode.OK
        for entry in self._entries:
            code = await self._handle(entry)
            worst = worst or code
            if self._interrupt.asked.is_set():
                return ExitCode.INTERRUPTED
        return worst

    async def _handle(self, entry: Entry) -> ExitCode:
        if self._options.journal is JournalAction.LIST:
            await self._screen.data(_json_of(entry) if self._options.json else _line_of(entry))
            return ExitCode.OK
        file = await asyncio.to_thread(self._journal.take, entry)
        if file is None:
            self._screen.note(
                _("{entry} is being spoken or sent right now; it is left alone.", entry=entry.name)
            )
            return ExitCode.OK
        try:
            if self._options.journal is JournalAction.FORGET:
                file.append(*(records.settled(part) for part in file.state.unfinished))
                self._screen.note(_("{entry} has been deleted.", entry=entry.name))
            else:
                await self._send(entry, file)
        except VoicechatError as error:
            self._screen.error(error)
            return exit_code_of(error)
        finally:
            await asyncio.to_thread(file.close)
        return ExitCode.OK

    async def _send(self, entry: Entry, file: EntryFile) -> None:
        for part in file.state.unfinished:
            await self._send_part(entry, file, part)
            if self._interrupt.asked.is_set():
                return

    async def _send_part(self, entry: Entry, file: EntryFile, part: Range) -> None:
        header, options = entry.header, self._options
        whose = {"user": options.user or header.user, "chat_id": options.chat_id or header.chat_id}
        start = options.start(header.sample_rate).model_copy(update=whose)
        url = self._spoken_to(header.url) if options.own_servers else options.url
        if part.end == file.state.samples and start.chat_id is not None:
            start = _going_on(start, file.state.stream, part.begin)
        source = JournalSource(entry, part, options.packet_ms)
        label = entry.name if len(self._entries) > 1 else None
        settling = SettlingListener(file, part, part.begin - start.durable_samples)
        hearing = [settling, *listeners(source, label, options, self._screen)]
        client = SpeechClient(url, start, options.policy)
        try:
            await play(source, client, options.speed or math.inf, hearing, self._screen, self._interrupt)
        finally:
            self._screen.clear()

    def _spoken_to(self, address: str) -> str:
        """Return the speech URL of an entry's server, with the credentials that the settings have for it."""
        configured = self._options.url
        return configured if server_name(configured) == server_name(address) else speech_url(address)


def _going_on(start: Start, stream: StreamRecord, begin: int) -> Start:
    """Go on with the talk's original stream, so that what the chat already has is not repeated."""
    if stream.stream_id is None:
        return start
    return start.model_copy(
        update={
            "stream_id": stream.stream_id,
            "finals_received": stream.finals,
            "durable_samples": begin,
        }
    )


def _named(entries: list[Entry], names: tuple[str, ...]) -> list[Entry]:
    known = {entry.name: entry for entry in entries}
    for name in names:
        if name not in known:
            raise VoicechatError(
                ErrorCode.BAD_SETTING,
                _("There is no entry {entry} in the journal.", entry=name),
                _("`voicechat-tui replay --journal --list` lists the entries."),
            )
    return [known[name] for name in dict.fromkeys(names)] if names else entries


def _line_of(entry: Entry) -> str:
    header = entry.header
    began = f"{header.started_at.astimezone():%Y-%m-%d %H:%M}"
    seconds = entry.left.total_seconds()
    left = f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
    return f"{entry.name}  {began}  {left}  {header.user or '-'} in {header.chat_id or '-'}"


def _json_of(entry: Entry) -> str:
    header = entry.header
    return json_line(
        {
            "entry": entry.name,
            "started_at": header.started_at.isoformat(),
            "left_s": entry.left.total_seconds(),
            "user": header.user,
            "chat": header.chat_id,
            "url": shown(header.url),
        }
    )
