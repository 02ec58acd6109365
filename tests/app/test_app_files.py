"""What the app writes when a person asks for it: a new file each time, or a word on why not."""

import os
from pathlib import Path

from textual.pilot import Pilot

from tests.support.staged import CHAT, TITLE, StagedBackend, caught_up, connected, staged_app, until
from voicechat_tui.ui.app import VoicechatApp


def toasts(app: VoicechatApp) -> list[tuple[str, str]]:
    return [(note.title, note.message) for note in app._notifications]


def pictures(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.svg"))


async def told(pilot: Pilot[None], app: VoicechatApp, number: int) -> None:
    """Wait until so many things were told."""
    await until(pilot, lambda: len(toasts(app)) == number)


async def test_a_chat_that_is_saved_again_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "monday.md").write_text("by hand", encoding="utf-8")
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links)
        backend.links[0].tell(connected(), caught_up())
        for number in (1, 2):
            await pilot.press("ctrl+s")
            await told(pilot, app, number)
        paths = [tmp_path / f"monday-{number}.md" for number in (2, 3)]
        assert toasts(app) == [("Chat saved", str(path)) for path in paths]
    assert (tmp_path / "monday.md").read_text(encoding="utf-8") == "by hand"
    assert [path.read_text(encoding="utf-8") for path in paths] == [f"# {TITLE}\n"] * 2


async def test_each_picture_is_a_file_of_its_own(tmp_path: Path) -> None:
    app = staged_app()
    async with app.run_test(notifications=True) as pilot:
        for number in (1, 2):
            await pilot.press("alt+p")
            await told(pilot, app, number)
    assert pictures(tmp_path) == ["voicechat 2026-11-24 14.05.00-2.svg", "voicechat 2026-11-24 14.05.00.svg"]


async def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links)
        backend.links[0].tell(connected(), caught_up())
        os.chdir(here)
        here.rmdir()
        try:
            await pilot.press("ctrl+s", "alt+p")
            await told(pilot, app, 2)
        finally:
            os.chdir(tmp_path)
    said = dict(toasts(app))
    assert set(said) == {"The chat could not be saved", "The picture could not be saved"}
    for text in said.values():
        assert (
            "can't be written: No such file or directory. Free up space there, or choose a directory" in text
        )


async def test_a_chat_with_an_id_that_the_server_made_up_is_saved_under_its_title(tmp_path: Path) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat="0123abcd" * 4)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links)
        backend.links[0].tell(connected(title="Plans: May/June"), caught_up())
        await until(pilot, lambda: app.chats.shown and app.chats.shown.caught_up)
        await pilot.press("ctrl+s")
        await told(pilot, app, 1)
        assert toasts(app) == [("Chat saved", str(tmp_path / "Plans- May-June.md"))]
