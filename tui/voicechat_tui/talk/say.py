"""`voicechat-tui say` as a whole: it exits when every text is stored, and reports those that are not."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from voicechat_common.errors import VoicechatError
from voicechat_common.printable import escaped
from voicechat_common.protocol.codec import encode
from voicechat_tui.client.chat.client import ChatClient
from voicechat_tui.client.chat.events import Acked, ChatEvent, Failed, Postponed, Refused
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.failures import server_words
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.running import run
from voicechat_tui.console.screen import Screen
from voicechat_tui.language import _
from voicechat_tui.talk.connection import exit_code_of, last_seq, name_on, policy, trying_again
from voicechat_tui.talk.lines import lines

STDIN = "-"
AHEAD = 200
"""How many texts may wait to be stored; beyond that, standard input is not read."""


@dataclass(frozen=True)
class SayOptions:
    """One call of the command.

    Attributes:
        text: What to say, or "-" for the lines of standard input.
        chat_id: Where.
        user: Who; None for the name that a token says.
        usual_user: Who, where no token says it.
        server: The server's address.
        json: Whether to print a line of JSON for each text that is stored or refused.
        reconnect_s: How long to try to restore a lost connection.
    """

    text: str
    chat_id: str
    user: str | None
    usual_user: str
    server: str
    json: bool
    reconnect_s: float


def say(options: SayOptions) -> ExitCode:
    """Run the command and return its exit status."""
    return run(
        lambda screen, interrupt: _Say(options, screen, interrupt).run(),
        json=options.json,
        exit_code_of=exit_code_of,
    )


class _Say:
    """One run of the command."""

    def __init__(self, options: SayOptions, screen: Screen, interrupt: Interrupt) -> None:
        self._options = options
        self._screen = screen
        self._interrupt = interrupt
        self._settled = asyncio.Event()
        self._waiting = 0
        self._worst = ExitCode.OK

    async def run(self) -> ExitCode:
        """Post everything, and wait until it is stored."""
        options = self._options
        # Without this, the whole history would arrive before the first acknowledgement.
        limits = policy(options.reconnect_s)
        since = await last_seq(options.server, options.chat_id, limits, self._screen.note) or 0
        user = options.user or await name_on(options.server, limits, self._screen.note)
        client = ChatClient(
            options.server, options.chat_id, user or options.usual_user, since=since, policy=limits
        )
        try:
            async with client:
                await self._converse(client)
        finally:
            for text in client.unsent.values():
                self._screen.note(_("not stored: {words}", words=text))
        return ExitCode.INTERRUPTED if self._interrupt.asked.is_set() else self._worst

    async def _converse(self, client: ChatClient) -> None:
        listening = asyncio.create_task(self._listen(client))
        speaking = asyncio.create_task(self._speak(client))
        try:
            await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
            # Listening ends before speaking only with an error, and that is the one to report.
            await (listening if listening.done() else speaking)
        finally:
            for task in (listening, speaking):
                task.cancel()
            await asyncio.wait({listening, speaking})

    async def _speak(self, client: ChatClient) -> None:
        """Post everything until Ctrl+C; return once all of it is stored or refused."""
        async with aclosing(self._texts()) as texts:
            while (text := await self._next(texts)) is not None:
                try:
                    client.send(text)
                    self._waiting += 1
                except VoicechatError as error:
                    self._worst = ExitCode.FAILED
                    self._screen.error(error)
                await self._until_waiting(AHEAD)
        if self._interrupt.asked.is_set() and client.unsent:
            self._screen.note(
                _("Stopping; what was read is still being stored. Ctrl+C again quits immediately.")
            )
        await self._until_waiting(0)

    async def _texts(self) -> AsyncGenerator[str, None]:
        if self._options.text != STDIN:
            yield self._options.text
            return
        async for line in lines(sys.stdin.fileno()):
            yield line

    async def _next(self, texts: AsyncGenerator[str, None]) -> str | None:
        """Return the next text, or None at the end or after Ctrl+C."""
        coming = asyncio.ensure_future(anext(texts, None))
        asked = asyncio.ensure_future(self._interrupt.asked.wait())
        try:
            await asyncio.wait({coming, asked}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else None
        finally:
            for future in (coming, asked):
                future.cancel()
            await asyncio.wait({coming, asked})

    async def _until_waiting(self, most: int) -> None:
        while self._waiting > most:
            self._settled.clear()
            await self._settled.wait()

    async def _listen(self, client: ChatClient) -> None:
        async for event in client.events():
            await self._take(event)

    async def _take(self, event: ChatEvent) -> None:
        match event:
            case Acked():
                await self._tell(event)
            case Refused():
                self._worst = ExitCode.FAILED
                self._screen.note(_("refused: {words}", words=event.content))
                message, advice = server_words(event.code, event.message, event.advice)
                self._screen.note(f"         {message} {advice}")
                await self._tell(event)
            case Postponed(reason=reason) | Retrying(reason=reason):
                self._screen.note(trying_again(reason, event.in_s))
            case Failed():
                raise event.error()
            case _:
                pass

    async def _tell(self, event: Acked | Refused) -> None:
        if self._options.json:
            await self._screen.data(escaped(encode(event)))
        self._waiting -= 1
        self._settled.set()
