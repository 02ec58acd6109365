"""The app as a person starts it, with a socket that tells what it shows once it has nothing left to do.

    python -m tests.support.watched_app SOCKET [OPTIONS OF voicechat-tui]

Each line on the socket is `come` or `quiet`, and a number of keys. When so many have come from the terminal,
or when all is quiet after that, the answer is what the app shows then, as a line of JSON. Quiet is judged
apart from how the app lets keys wait.
"""

import asyncio
import json
import sys
from typing import Any

from textual import events
from textual.message import Message
from textual.widgets import Input, OptionList, TextArea

import voicechat_tui.ui.app
from tests.support.quiet import is_quiet
from voicechat_tui import cli
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.background import in_background
from voicechat_tui.ui.controllers import poller

LOOKS_EVERY_S = 0.01
QUIET_LOOKS = 6
SOCKET = sys.argv.pop(1)


class WatchedApp(VoicechatApp):
    """The app, watched."""

    _keys_come = 0
    _has_come = asyncio.Event()

    def _begin(self) -> None:
        super()._begin()
        in_background(self, self._tell, group="watching")

    async def _post_message(self, message: Message) -> bool:
        self._keys_come += isinstance(message, events.Key | events.Paste)
        self._has_come.set()
        return await super()._post_message(message)

    async def _tell(self) -> None:
        async with await asyncio.start_unix_server(self._answer, SOCKET) as server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            wish, keys = line.split()
            while self._keys_come < int(keys):
                self._has_come.clear()
                await self._has_come.wait()
            before, looks = "", 0
            while wish == b"quiet" and looks < QUIET_LOOKS:
                await asyncio.sleep(LOOKS_EVERY_S)
                # What is shown is worth a look only when all is quiet.
                now = json.dumps(self._shown()) if self._is_quiet else ""
                looks = looks + 1 if now and now == before else 0
                before = now
            writer.write(json.dumps({**self._shown(), "keys": self._keys_come}).encode() + b"\n")
            await writer.drain()
        writer.close()

    @property
    def _is_quiet(self) -> bool:
        session = self.chats.shown
        return is_quiet(self) and (session is None or (not session.unsent and session.caught_up))

    def _shown(self) -> dict[str, Any]:
        session = self.chats.shown
        return {
            "screens": [type(screen).__name__ for screen in self.screen_stack],
            "focus": type(self.focused).__name__,
            "texts": [area.text for screen in self.screen_stack for area in screen.query(TextArea)],
            "inputs": [field.value for screen in self.screen_stack for field in screen.query(Input)],
            "marked": [
                # That there is no match is told half a second late.
                (sum(not option.disabled for option in options.options), options.highlighted)
                for screen in self.screen_stack
                for options in screen.query(OptionList)
            ],
            "chat": session.title if session else None,
            "said": [row.text for row in session.conversation.rows()] if session else [],
            "chats": [chat.title for chat in self.local.remembered.chats] if session is None else [],
            "clipboard": self.clipboard,
            "muted": self.local.muted,
        }


poller.EVERY_S = (
    3600.0  # What comes by itself would come to one of two apps at another key than to the other.
)
voicechat_tui.ui.app.VoicechatApp = WatchedApp  # type: ignore[misc]
cli.main()
