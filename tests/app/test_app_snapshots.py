"""What the app looks like: pictures of its states, in three sizes and three themes.

After a change that is meant: `pytest tests/app/test_app_snapshots.py --snapshot-update`, and look at
the pictures before they are committed.
"""

from collections.abc import Awaitable, Callable

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.support.quiet import is_quiet
from tests.support.staged import (
    CHAT,
    TITLE,
    UNREACHABLE,
    StagedBackend,
    caught_up,
    connected,
    shown,
    spoken,
    staged_app,
    stored,
    summary,
    until,
)
from tests.support.staged_sound import HEADSET, NO_MICROPHONE, StagedSound
from voicechat_common.levels import Level
from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Ack
from voicechat_tui.client.chat.events import ChatEvent, NetworkDelay
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.sources.microphone.events import LevelChanged, Opened, Unavailable
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.model.status import Mic
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.help import Help
from voicechat_tui.voice.events import TalkHeard, VoiceEvent

SIZES = {"wide": (120, 40), "usual": (80, 24), "narrow": (50, 24)}
THEMES = ("dark", "light", "mono")

HISTORY: list[ChatEvent] = [
    connected("alice", "bob", "小明"),
    stored(1, "alice", "Good morning! Can everybody hear me?"),
    stored(2, "bob", "Loud and clear.", minutes=1),
    stored(3, "小明", "早上好，我这边也能听得很清楚。", kind=MessageKind.SPEECH, minutes=2),
    stored(
        4,
        "小明",
        "我们今天先讨论网络的问题，再讨论下个月的计划，最后看一看大家还有什么别的事情要说，谢谢。",
        kind=MessageKind.SPEECH,
        minutes=2.5,
    ),
    stored(
        5,
        "bob",
        "Fine with me. The line was down from nine to eleven yesterday, and forty tickets were answered "
        "since then; I will send the list after the meeting.",
        minutes=4,
    ),
    stored(6, "alice", "Thanks.", minutes=9),
    caught_up(6),
]
GROWING: list[ChatEvent] = [
    spoken("bob", "So the first thing we shood", 1),
    spoken("bob", "So the first thing we should look at", 2),
]
TWO: list[ChatEvent] = [*GROWING, spoken("小明", "好的我同", 1), spoken("小明", "好的我同意先看网络", 2)]
OPEN: list[VoiceEvent] = [Opened(HEADSET.id, 48_000), LevelChanged(Level(-18.0, -12.0))]


class Stage:
    """The app in front of a staged server, and what a scene does with it."""

    def __init__(self, theme: str, *, chat: bool = True, backend: StagedBackend | None = None) -> None:
        self.backend = backend or StagedBackend(listed=[summary(CHAT, TITLE, "bob: see you", count=6)])
        self.sound = StagedSound()
        self.app: VoicechatApp = staged_app(
            self.backend, sound=self.sound, chat=CHAT if chat else None, theme=theme
        )

    async def tell(self, pilot: Pilot[None], *events: ChatEvent) -> ChatScreen:
        """Let things happen in the chat, and wait until they are drawn."""
        await until(pilot, lambda: self.sound.voices)
        screen = self.app.chats.screen
        assert screen is not None
        link = self.backend.links[0]
        link.tell(*events, NetworkDelay(ms=23.4))
        await until(pilot, lambda: screen.session.connection.network_ms)
        await until(pilot, lambda: len(screen.timeline.rows) == len(screen.session.conversation))
        return screen


Scene = Callable[[Stage, Pilot[None]], Awaitable[object]]


async def history(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)


async def empty(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, connected(), caught_up())


async def connecting(stage: Stage, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: stage.sound.voices)


async def growing(stage: Stage, pilot: Pilot[None]) -> None:
    # F2 waits for its chat to be joined.
    await stage.tell(pilot, *HISTORY, *GROWING)
    await talking(stage, pilot)


async def two_speakers(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY, *TWO)


async def talking(stage: Stage, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: stage.sound.voices)
    await pilot.press("f2")
    ack = TalkHeard(1, Ack(received_samples=16_000, decoded_samples=12_000, lag_ms=250))
    stage.sound.voices[0].tell(*OPEN, ack)
    await until(pilot, lambda: stage.app.status.lag_ms and stage.app.status.level)
    await until(pilot, lambda: stage.app.status.mic is Mic.OPEN)


async def retrying(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    stage.backend.links[0].tell(Retrying(in_s=3.0, reason="The connection was lost: it broke off."))
    await until(pilot, lambda: stage.app.status.retry_at)


async def no_microphone(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    await pilot.press("f2")
    stage.sound.voices[0].tell(Unavailable(NO_MICROPHONE))
    await until(pilot, lambda: stage.app._notifications)


async def error_toast(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    stage.app.report_error("The chat could not be saved", UNREACHABLE)
    await until(pilot, lambda: stage.app._notifications)


async def palette(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    await pilot.press("ctrl+p")
    await until(pilot, lambda: any(found.option_count for found in stage.app.screen.query(CommandList)))


async def help_(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    await pilot.press("f1")
    await shown(pilot, Help)


async def devices(stage: Stage, pilot: Pilot[None]) -> None:
    await stage.tell(pilot, *HISTORY)
    await pilot.press("f6")
    await until(pilot, lambda: stage.app.screen.query("OptionList:focus"))


SCENES: dict[str, Scene] = {
    "empty": empty,
    "connecting": connecting,
    "history": history,
    "growing": growing,
    "two-speakers": two_speakers,
    "retrying": retrying,
    "no-microphone": no_microphone,
    "error-toast": error_toast,
    "palette": palette,
    "help": help_,
    "devices": devices,
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scene", SCENES)
async def test_a_chat_looks_as_before(scene: str, theme: str, snapshot: SnapshotAssertion) -> None:
    pictures = snapshot.use_extension(SVGImageExtension)
    stage = Stage(theme)
    async with stage.app.run_test(size=SIZES["wide"], notifications=True) as pilot:
        await SCENES[scene](stage, pilot)
        for size in SIZES:
            await pilot.resize_terminal(*SIZES[size])
            assert await picture(pilot) == pictures(name=size), size


async def picture(pilot: Pilot[None]) -> str:
    """Return what is drawn once nothing is left to be done, with no cursor that blinks."""
    for screen in pilot.app.screen_stack:
        for area in screen.query(TextArea):
            area.cursor_blink = False
        for line in screen.query(Input):
            line.cursor_blink = False
    app = pilot.app
    assert isinstance(app, VoicechatApp)
    before, now = "", app.export_screenshot()
    while now != before:
        await pilot.wait_for_scheduled_animations()
        await until(pilot, lambda: is_quiet(app))
        before, now = now, app.export_screenshot()
    return now
