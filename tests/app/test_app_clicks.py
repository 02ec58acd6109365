"""The two lines at the bottom with the mouse: a click on a part does what it is about."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.support.staged import CHAT, StagedBackend, connected, staged_app, until
from tests.support.staged_sound import HEADSET, NO_MICROPHONE, StagedSound
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.chat.events import ChatEvent, Failed
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.sources.microphone.events import Lost, Opened, Unavailable
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.ui.screens.devices import DevicesWindow
from voicechat_tui.ui.screens.help import Help
from voicechat_tui.ui.widgets.hints import Hints
from voicechat_tui.ui.widgets.status_line import StatusLine
from voicechat_tui.voice.events import VoiceEvent

PADDING = 1
OPENED = Opened(HEADSET.id, 48_000)
FAILED = Failed.of(VoicechatError(ErrorCode.PROTOCOL_MISMATCH, "It speaks another protocol.", "Update it."))


@dataclass
class Scene:
    """The app with an open chat."""

    app: VoicechatApp
    pilot: Pilot[None]
    backend: StagedBackend
    sound: StagedSound

    async def click(self, line: type[StatusLine] | type[Hints], part: str) -> None:
        """Wait for a part of a line, and click on its last character."""
        widget = self.app.screen.query_one(line)
        await until(self.pilot, lambda: part in widget.render().plain)
        before, _, _ = widget.render().plain.partition(part)
        await self.pilot.click(line, offset=(PADDING + cell_len(before + part) - 1, 0))


@asynccontextmanager
async def open_chat() -> AsyncIterator[Scene]:
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound)
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: sound.voices and backend.links)
        backend.links[0].tell(connected())
        line = app.screen.query_one(StatusLine)
        await until(pilot, lambda: "● connected" in line.render().plain)
        yield Scene(app, pilot, backend, sound)


def talks(scene: Scene) -> bool:
    return scene.sound.voices[0].is_open


def tries_again(scene: Scene) -> bool:
    return "retry_now" in scene.backend.links[0].calls


def begins_anew(scene: Scene) -> bool:
    return len(scene.backend.links) == 2


def chooses_a_microphone(scene: Scene) -> bool:
    return isinstance(scene.app.screen, DevicesWindow)


@pytest.mark.parametrize(
    ("event", "part", "is_done"),
    [
        (Retrying(in_s=5.0, reason="The connection was lost."), "retrying in 5 s", tries_again),
        (FAILED, "not connected", begins_anew),
    ],
)
async def test_the_connection(event: ChatEvent, part: str, is_done: Callable[[Scene], bool]) -> None:
    async with open_chat() as scene:
        scene.backend.links[0].tell(event)
        if event is FAILED:
            scene.backend.links[0].end()
            await until(scene.pilot, lambda: "leave" in scene.backend.links[0].calls)
        await scene.click(StatusLine, part)
        await until(scene.pilot, lambda: is_done(scene))


@pytest.mark.parametrize(
    ("events", "part", "is_done"),
    [
        ([], "mic off", talks),
        ([OPENED], "mic ready", talks),
        ([Unavailable(NO_MICROPHONE)], "no microphone", chooses_a_microphone),
    ],
)
async def test_the_microphone(events: list[VoiceEvent], part: str, is_done: Callable[[Scene], bool]) -> None:
    async with open_chat() as scene:
        scene.sound.voices[0].tell(*events)
        await scene.click(StatusLine, part)
        await until(scene.pilot, lambda: is_done(scene))


async def test_the_microphone_during_a_talk() -> None:
    async with open_chat() as scene:
        await scene.pilot.press("f2")
        await scene.click(StatusLine, "opening microphone")
        await until(scene.pilot, lambda: not talks(scene))
        scene.sound.voices[0].tell(OPENED)
        await scene.pilot.press("f2", "f3")
        await scene.click(StatusLine, "MUTED")
        await until(scene.pilot, lambda: not scene.sound.voices[0].is_muted)
        await scene.click(StatusLine, "MIC OPEN")
        await until(scene.pilot, lambda: not talks(scene))
        await scene.pilot.press("f2")
        await until(scene.pilot, lambda: talks(scene))
        scene.sound.voices[0].tell(Lost(HEADSET.id, NO_MICROPHONE))
        await scene.click(StatusLine, "microphone lost")
        await until(scene.pilot, lambda: chooses_a_microphone(scene))


async def test_the_hints() -> None:
    async with open_chat() as scene:
        await scene.click(Hints, "help")
        await until(scene.pilot, lambda: isinstance(scene.app.screen, Help))
        await scene.pilot.press("escape")
        await until(scene.pilot, lambda: not isinstance(scene.app.screen, Help))
        await scene.click(Hints, "chats")
        await until(scene.pilot, lambda: isinstance(scene.app.screen, ChatsScreen))
