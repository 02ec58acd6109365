"""What becomes of a stream's events: lines of text, lines of JSON, notes."""

import json
from typing import Protocol

from rich.text import Text

from voicechat_common.printable import escaped, printable
from voicechat_common.protocol.speech import Ack, Error, Final, Partial
from voicechat_common.transcript import Segment, Transcript
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.failures import server_words
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.console.live_line import clock, live_line
from voicechat_tui.console.screen import Screen
from voicechat_tui.language import _

LONG_S = 30.0
"""A recording longer than this gets a progress bar."""


class Listener(Protocol):
    """Handles the events of one stream, in order."""

    async def hear(self, event: Event) -> None:
        """Handle one event."""


class TextListener:
    """Prints finals to standard output, one line each, and what is being said on the live line.

    Args:
        screen: Where to print.
        label: What to put in front of each line, if anything.
        duration_s: Length of a recording, for its progress.
        sample_rate: Samples per second of the stream.
    """

    def __init__(self, screen: Screen, label: str | None, duration_s: float | None, sample_rate: int) -> None:
        self._screen = screen
        self._label = f"{label}: " if label else ""
        self._duration_s = duration_s if duration_s is not None and duration_s > LONG_S else None
        self._rate = sample_rate
        self._transcript = Transcript()
        self._said: Segment | None = None
        self._reached_s = 0.0

    async def hear(self, event: Event) -> None:
        """Print finals, show partials, and move the progress bar."""
        if isinstance(event, Partial):
            self._said = self._transcript.apply(event) or self._said
            self._show()
        elif isinstance(event, Final):
            self._transcript.apply(event)
            self._said = None
            if event.text:
                await self._screen.data(f"{self._label}{printable(event.text)}")
            self._show()
        elif isinstance(event, Ack) and self._duration_s is not None:
            self._reached_s = event.decoded_samples / self._rate
            self._show()

    def _show(self) -> None:
        if self._said is None and self._duration_s is None:
            self._screen.clear()
            return
        prefix = Text(self._label)
        if self._duration_s is not None:
            prefix.append_text(self._screen.bar(min(1.0, self._reached_s / self._duration_s)))
            prefix.append(f" {clock(self._reached_s)}/{clock(self._duration_s)} ")
        text, settled = (self._said.text, self._said.settled) if self._said else ("", 0)
        self._screen.live(live_line(text, settled, self._screen.width, prefix))


class JsonListener:
    """Prints every event as one line of JSON on standard output.

    Args:
        screen: Where to print.
        source: Fields that say whose event it is, put before the event's own fields.
    """

    def __init__(self, screen: Screen, source: dict[str, str]) -> None:
        self._screen = screen
        self._source = source

    async def hear(self, event: Event) -> None:
        """Print the event."""
        await self._screen.data(json_line({**self._source, **event.model_dump(mode="json")}))


class TalkListener:
    """Prints what happens to the connection as notes; on a terminal, the live line shows the next attempt.

    Args:
        screen: Where to print.
        label: What to put in front of each note, if anything.
    """

    def __init__(self, screen: Screen, label: str | None) -> None:
        self._screen = screen
        self._label = f"{label}: " if label else ""
        self._last_reason = ""

    async def hear(self, event: Event) -> None:
        """Print what a person wants to know."""
        if isinstance(event, Retrying):
            if event.reason != self._last_reason:
                self._note(_("{reason} Trying again.", reason=event.reason))
                self._last_reason = event.reason
            next_one = _("Next attempt in {seconds:.1f} s", seconds=event.in_s)
            self._screen.live(live_line(next_one, 0, self._screen.width))
            return
        self._last_reason = ""
        if isinstance(event, Resumed):
            how = (
                _("The server had lost the stream; a new one continues it")
                if event.restarted
                else _("Connected again")
            )
            resent_s = event.resent_ms / 1000
            self._note(_("{how}; resending {seconds:.1f} s of audio.", how=how, seconds=resent_s))
        elif isinstance(event, AudioLost):
            at = clock(event.at_ms / 1000)
            self._note(
                _("{seconds:.1f} s of audio starting at {at} were lost.", seconds=event.ms / 1000, at=at)
            )
        elif isinstance(event, Error):
            words = " ".join(server_words(event.code, event.message, event.advice))
            self._note(_("The server says: {words}", words=words))

    def _note(self, text: str) -> None:
        self._screen.note(f"{self._label}{text}")


def json_line(fields: dict[str, object]) -> str:
    """Return one line of JSON, with Chinese unescaped and without terminal control characters."""
    return escaped(json.dumps(fields, ensure_ascii=False))
