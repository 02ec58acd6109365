"""`voicechat-tui tail` as a whole: shows a chat and what happens in it."""

import asyncio
from dataclasses import dataclass

from rich.text import Text

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.printable import escaped, printable
from voicechat_common.protocol.chat import ChatEnded, ChatStatus, MessageHistory, NewMessage
from voicechat_common.protocol.codec import encode
from voicechat_tui.client.chat.client import ChatClient
from voicechat_tui.client.chat.events import (
    CaughtUp,
    ChatEvent,
    Connected,
    Failed,
    MessagePartial,
    MessageStored,
    MessageWithdrawn,
    PresenceChanged,
    Resumed,
)
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.live_line import live_line
from voicechat_tui.console.running import run
from voicechat_tui.console.screen import Screen
from voicechat_tui.language import _
from voicechat_tui.talk.connection import exit_code_of, last_seq, policy, trying_again


@dataclass(frozen=True)
class TailOptions:
    """One call of the command.

    Attributes:
        chat_id: Which chat.
        user: Who is reading; None for a guest, who does not take part in the chat.
        server: The server's address.
        json: Whether to print every event as a line of JSON.
        lines: How many of the last messages to show first.
        since: First show what came after this `seq` instead.
        follow: Whether to keep following the chat.
        reconnect_s: How long to try to restore a lost connection.
    """

    chat_id: str
    user: str | None
    server: str
    json: bool
    lines: int
    since: int | None
    follow: bool
    reconnect_s: float


def tail(options: TailOptions) -> ExitCode:
    """Run the command and return its exit status."""
    return run(
        lambda screen, interrupt: _Tail(options, screen).run(interrupt),
        json=options.json,
        exit_code_of=exit_code_of,
    )


class _Tail:
    """One run of the command."""

    def __init__(self, options: TailOptions, screen: Screen) -> None:
        self._options = options
        self._screen = screen
        self._has_ended = False

    async def run(self, interrupt: Interrupt) -> ExitCode:
        """Show the chat until it ends, or all of it is shown, or Ctrl+C."""
        options = self._options
        limits = policy(options.reconnect_s)
        last = await last_seq(options.server, options.chat_id, limits, self._screen.note)
        if last is None:
            raise VoicechatError(
                ErrorCode.NOT_FOUND,
                _("There is no chat {chat} on this server.", chat=repr(options.chat_id)),
                _("Check its id; `voicechat-tui say` creates a chat with its first text."),
            )
        since = max(0, last - options.lines) if options.since is None else options.since
        client = ChatClient(options.server, options.chat_id, options.user, since=since, policy=limits)
        async with client:
            showing = asyncio.create_task(self._show_all(client))
            asked = asyncio.create_task(interrupt.asked.wait())
            try:
                await asyncio.wait({showing, asked}, return_when=asyncio.FIRST_COMPLETED)
                return showing.result() if showing.done() else ExitCode.INTERRUPTED
            finally:
                for task in (showing, asked):
                    task.cancel()
                await asyncio.wait({showing, asked})

    async def _show_all(self, client: ChatClient) -> ExitCode:
        async for event in client.events():
            if isinstance(event, Failed):
                raise event.error()
            if self._options.json:
                await self._screen.data(escaped(encode(event)))
            else:
                await self._show(event)
            if self._is_last(event):
                break
        return ExitCode.OK

    def _is_last(self, event: ChatEvent) -> bool:
        """Return whether there is nothing left to show after an event."""
        match event:
            case Connected(established=established) | Resumed(established=established):
                self._has_ended = established.status is ChatStatus.ENDED
                return False
            case CaughtUp():
                return self._has_ended or not self._options.follow
            case ChatEnded():
                return True
            case _:
                return False

    async def _show(self, event: ChatEvent) -> None:
        screen = self._screen
        match event:
            case MessageStored(message=message):
                await screen.data(message_line(message))
            case MessagePartial(message=message):
                screen.live(speech_line(message, screen.width))
            case MessageWithdrawn():
                screen.clear()
            case PresenceChanged(user=name) if screen.is_live:
                came = event.is_present
                screen.note(_("{name} has joined.", name=name) if came else _("{name} has left.", name=name))
            case Retrying():
                screen.note(trying_again(event.reason, event.in_s))
            case ChatEnded():
                screen.note(_("{name} has ended the chat.", name=event.ended_by))
            case _:
                pass


_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


def message_line(message: NewMessage | MessageHistory) -> Text:
    """Return a message with its time and speaker; its continuation lines are indented."""
    time = message.timestamp.astimezone().strftime("%H:%M:%S")
    content = "\n    ".join(printable(line) for line in message.content.split("\n"))
    return Text.assemble((time, "dim"), " ", speaker(message.speaker), ": ", content)


def speaker(name: str) -> Text:
    """Return a name, always in the same colour; colour is not needed to distinguish people."""
    return Text(printable(name), style=f"bold {_COLOURS[sum(name.encode()) % len(_COLOURS)]}")


def speech_line(message: NewMessage, width: int) -> Text:
    """Return what is being said as a line that can be rewritten."""
    return live_line(message.content, 0, width, speaker(message.speaker) + Text(": "))
