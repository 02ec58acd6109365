"""Every action of the registry, by its key and by the palette: what it does can be seen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.command import CommandList
from textual.events import Paste
from textual.pilot import Pilot

from tests.support.staged import (
    CHAT,
    TITLE,
    UNREACHABLE,
    StagedBackend,
    StagedLink,
    caught_up,
    connected,
    staged_app,
    stored,
    summary,
    until,
)
from tests.support.staged_sound import StagedSound
from voicechat_tui.client.chat.events import ChatEvent
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.keys.actions import ACTIONS, BY_ID, Context
from voicechat_tui.ui.keys.keymap import Keymap
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.ui.screens.confirm import Confirm
from voicechat_tui.ui.screens.devices import DevicesWindow
from voicechat_tui.ui.screens.help import Help
from voicechat_tui.ui.screens.log import LogWindow
from voicechat_tui.ui.screens.new_chat import NewChat
from voicechat_tui.ui.screens.settings import SettingsWindow
from voicechat_tui.ui.widgets.chat_list import ChatList

MESSAGES = 60
NOT_IN_THE_PALETTE = {"palette"}
"""It would open itself."""


@dataclass
class Scene:
    """The app with an open chat, or in front of the list."""

    app: VoicechatApp
    pilot: Pilot[None]
    backend: StagedBackend
    sound: StagedSound
    copied: list[str] = field(default_factory=list)

    @property
    def chat(self) -> ChatScreen:
        screen = self.app.chats.screen
        assert screen is not None
        return screen

    @property
    def link(self) -> StagedLink:
        return self.backend.links[-1]

    def shows(self, kind: type[object]) -> Callable[[], bool]:
        return lambda: isinstance(self.app.screen, kind)

    async def write(self, text: str) -> None:
        self.chat.composer.focus()
        self.chat.composer.insert(text)
        await until(self.pilot, lambda: self.chat.composer.text == text)


@dataclass(frozen=True)
class Case:
    """What comes before an action, and how one sees that it was done."""

    seen: Callable[[Scene], Callable[[], object]]
    before: Callable[[Scene], Awaitable[object]] | None = None


async def unreachable(scene: Scene) -> None:
    scene.backend.listed = UNREACHABLE
    scene.app.poller.ask_now()
    await until(scene.pilot, lambda: scene.app.can_start_local)


async def scrolled_up(scene: Scene) -> None:
    await scene.pilot.press("pageup")
    await until(scene.pilot, lambda: not scene.chat.timeline.follows)


async def written(scene: Scene) -> None:
    await scene.write("hello")


async def told(scene: Scene) -> None:
    scene.app.announce("Look", "Something has happened.")
    await until(scene.pilot, lambda: scene.app._notifications)


async def interrupted(scene: Scene) -> None:
    await scene.pilot.press("ctrl+c")
    await until(scene.pilot, lambda: scene.app._notifications)


def y(scene: Scene) -> float:
    return scene.chat.timeline.scroll_y


CASES: dict[str, Case] = {
    "talk": Case(lambda scene: lambda: scene.sound.voices[-1].is_open),
    "mute": Case(lambda scene: lambda: scene.app.local.muted),
    "back": Case(lambda scene: scene.shows(ChatsScreen)),
    "send": Case(lambda scene: lambda: "hello" in scene.link.sent.values(), written),
    "newline": Case(lambda scene: lambda: scene.chat.composer.text == "hello\n", written),
    "clear": Case(lambda scene: lambda: not scene.chat.composer.text, written),
    "open_chat": Case(lambda scene: scene.shows(ChatScreen)),
    "local_server": Case(lambda scene: lambda: scene.app.backend is not scene.backend, unreachable),
    "new_chat": Case(lambda scene: scene.shows(NewChat)),
    "search": Case(lambda scene: lambda: scene.app.focused is scene.app.screen.query_one("#search")),
    "page_up": Case(lambda scene: lambda: y(scene) < scene.chat.timeline.max_scroll_y),
    "page_down": Case(lambda scene: lambda: scene.chat.timeline.follows, scrolled_up),
    "newest": Case(lambda scene: lambda: scene.chat.timeline.follows, scrolled_up),
    "copy": Case(lambda scene: lambda: scene.copied == [f"message {MESSAGES}"]),
    "export": Case(lambda scene: lambda: Path(f"{CHAT}.md").is_file()),
    "end_chat": Case(lambda scene: scene.shows(Confirm)),
    "reconnect": Case(lambda scene: lambda: "retry_now" in scene.link.calls),
    "devices": Case(lambda scene: scene.shows(DevicesWindow)),
    "settings": Case(lambda scene: scene.shows(SettingsWindow)),
    "theme": Case(lambda scene: lambda: scene.app.theme == "light"),
    "dismiss": Case(lambda scene: lambda: not scene.app._notifications, told),
    "log": Case(lambda scene: scene.shows(LogWindow)),
    "screenshot": Case(lambda scene: lambda: list(Path.cwd().glob("*.svg"))),
    "palette": Case(lambda scene: lambda: scene.app.screen.query("CommandList")),
    "help": Case(lambda scene: scene.shows(Help)),
    "interrupt": Case(lambda scene: lambda: scene.app._exit, interrupted),
    "quit": Case(lambda scene: lambda: scene.app._exit),
}


def test_every_action_has_a_case() -> None:
    assert set(CASES) == set(BY_ID)


async def stage(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Scene], Awaitable[None]],
    keys: dict[str, tuple[str, ...]] | None = None,
) -> None:
    """Run something in the app, with a chat open unless the list is meant."""
    backend = StagedBackend(listed=[summary(CHAT, TITLE, "bob: see you", count=MESSAGES)])
    sound = StagedSound()
    in_chat = context is not Context.CHATS
    app = staged_app(
        backend,
        sound=sound,
        make_local=lambda started: StagedBackend(),
        chat=CHAT if in_chat else None,
        keys=keys or {},
    )
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        scene = Scene(app, pilot, backend, sound, copied)
        if in_chat:
            await until(pilot, lambda: sound.voices and backend.links)
            scene.link.tell(connected(), *messages(), caught_up(MESSAGES))
            await until(pilot, lambda: len(scene.chat.timeline.rows) == MESSAGES)
        else:
            await until(pilot, lambda: app.screen.query("ChatList:focus"))
            await until(pilot, lambda: app.screen.query_one(ChatList).option_count)
        await run(scene)


def messages() -> list[ChatEvent]:
    return [stored(seq, "bob", f"message {seq}", minutes=seq / 10) for seq in range(1, MESSAGES + 1)]


@pytest.mark.parametrize("name", [action.id for action in ACTIONS])
async def test_an_action_by_each_of_its_keys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    for key in BY_ID[name].keys:

        async def run(scene: Scene, key: str = key) -> None:
            if case.before is not None:
                await case.before(scene)
            await scene.pilot.press(key)
            await until(scene.pilot, case.seen(scene))

        await stage(BY_ID[name].context, monkeypatch, run)
        for left in Path.cwd().glob("*.*"):
            left.unlink()


@pytest.mark.parametrize("name", sorted(BY_ID.keys() - NOT_IN_THE_PALETTE))
async def test_an_action_by_the_palette(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]

    async def run(scene: Scene) -> None:
        if case.before is not None:
            await case.before(scene)
        await scene.pilot.press("ctrl+p")
        await until(scene.pilot, lambda: scene.app.screen.query("CommandList"))
        scene.app.post_message(Paste(BY_ID[name].title))
        wanted = f"{BY_ID[name].title}  ({Keymap().label(name)})"
        await until(scene.pilot, lambda: wanted in first_hit(scene))
        await scene.pilot.press("enter")
        await until(scene.pilot, case.seen(scene))

    await stage(BY_ID[name].context, monkeypatch, run)


def first_hit(scene: Scene) -> str:
    prompts = [str(option.prompt) for option in scene.app.screen.query_one(CommandList).options]
    return prompts[0] if prompts else ""


async def test_a_key_of_the_settings_takes_the_place_of_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(scene: Scene) -> None:
        await scene.pilot.press("f2")
        assert not scene.sound.voices[-1].talks
        await scene.pilot.press("f11")
        await until(scene.pilot, lambda: scene.sound.voices[-1].is_open)

    await stage(Context.CHAT, monkeypatch, run, {"talk": ("f11",)})
