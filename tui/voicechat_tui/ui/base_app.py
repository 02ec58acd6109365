"""What any app needs: themes, keys, toasts, drafts on disk, help, and an orderly end."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.command import CommandPalette
from textual.events import Event
from textual.filter import LineFilter, NoColor
from textual.notifications import Notify, SeverityLevel

from voicechat_common.errors import VoicechatError
from voicechat_tui.files.new_file import create, safe_name
from voicechat_tui.language import _, understood
from voicechat_tui.settings.loading import Loaded
from voicechat_tui.ui.appearance.cells import OneByOne, measure_one_by_one
from voicechat_tui.ui.appearance.themes import MONO, THEMES, after, chosen
from voicechat_tui.ui.background import in_background
from voicechat_tui.ui.ending import EndingApp
from voicechat_tui.ui.keys.actions import Context
from voicechat_tui.ui.keys.alt_keys import know_alt_keys
from voicechat_tui.ui.keys.keymap import Keymap
from voicechat_tui.ui.keys.turns import Turns
from voicechat_tui.ui.memory.local_state import LocalState
from voicechat_tui.ui.model.events_log import EventsLog
from voicechat_tui.ui.screens.base import AppScreen
from voicechat_tui.ui.screens.help import Help
from voicechat_tui.ui.screens.log import LogWindow
from voicechat_tui.ui.screens.palette import ActionCommands, Palette

SAVED_AFTER_S = 1.0
"""How soon a draft is on the disk."""
TOASTS = 2
"""At most so many toasts; the oldest is dropped."""
QUIT_WITHIN_S = 4.0
"""How long after the first ctrl+c a second one quits."""


class BaseApp(EndingApp):
    """An app with settings, persistent state and a log.

    Args:
        loaded: What the person has set.
        local: What is remembered between runs.
        clock: Steady seconds.
        now: The time of day in the zone to be shown.
    """

    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {ActionCommands}
    TITLE = "voicechat"
    CSS = """
    CommandPalette SearchIcon { display: none; }
    OptionList:ansi > .option-list--option-highlighted { text-style: underline; }
    OptionList:ansi:focus > .option-list--option-highlighted { text-style: bold underline; }
    Screen:ansi > .screen--selection { background: ansi_default; color: ansi_default; text-style: reverse; }
    TextArea:ansi > .text-area--selection { text-style: reverse; }
    Input:ansi > .input--selection { text-style: reverse; }
    ToastRack {
        layer: default; dock: top; max-height: 50%; margin: 0; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    Toast { width: 1fr; max-width: 100%; margin: 0; padding: 0 1; }
    """

    def __init__(
        self,
        loaded: Loaded,
        local: LocalState,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        measure_one_by_one()
        know_alt_keys()
        super().__init__()
        self.loaded = loaded
        self.settings = loaded.settings
        self.local = local
        self.clock = clock
        self.now = now
        self.keys = Keymap(self.settings.keys)
        self.log_lines = EventsLog(now)
        self.turns = Turns(self, clock, self.keys, lambda: self.joining, self._input_lost)
        # Paging during an animation would start from wherever the animation happens to be.
        self.animation_level = "none"
        self._is_saving = False
        self._not_saved = ""
        self._interrupted_at = -QUIT_WITHIN_S
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = chosen(self.settings.theme)
        self.set_keymap(self.keys.overrides)

    def get_line_filters(self) -> list[LineFilter]:
        """Draw characters one by one, and remove all colours if none are wanted."""
        filters = [*super().get_line_filters(), OneByOne()]
        return [*filters, NoColor()] if self.theme == MONO else filters

    @property
    def joining(self) -> object | None:
        """What is shown but not yet fully loaded."""
        return None

    async def on_event(self, event: Event) -> None:
        """Queue input from the terminal until the input before it is done."""
        if not self.turns.take(event):
            await super().on_event(event)

    def in_background(
        self,
        work: Callable[[], Coroutine[Any, Any, object]],
        *,
        group: str,
        name: str = "",
        exclusive: bool = False,
    ) -> None:
        """Begin some work that ends with the app; see `background.in_background`."""
        in_background(self, work, group=group, name=name, exclusive=exclusive)

    def _input_lost(self) -> None:
        self.announce(_("Keyboard"), _("Too much input came at once; the end of it was lost."), "warning")

    def announce(self, title: str, text: str, severity: SeverityLevel = "information") -> None:
        """Show a toast, unless one already says the same, and log it."""
        self.log_lines.add(f"{title}: {text}", severity)
        if not any((shown.title, shown.message) == (title, text) for shown in self._notifications):
            self.notify(text, title=title, severity=severity, markup=False)

    def on_notify(self, _event: Notify) -> None:
        """Make room for a toast."""
        shown = list(self._notifications)
        for old in shown[: max(0, len(shown) + 1 - TOASTS)]:
            self._unnotify(old, refresh=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action is available now."""
        if action == "dismiss":
            return bool(self._notifications)
        return super().check_action(action, parameters)

    def report_error(self, title: str, error: VoicechatError) -> None:
        """Say what went wrong and what to do."""
        self.announce(title, f"{understood(error.message)} {understood(error.advice)}", "error")

    def save_local(self) -> None:
        """Write the state to disk soon: a crash costs no more than `SAVED_AFTER_S`."""
        if not self._is_saving:
            self._is_saving = True
            self.in_background(self._save_local, group="saving")

    async def _save_local(self) -> None:
        await asyncio.sleep(SAVED_AFTER_S)
        self._is_saving = False
        try:
            await self.local.save()
        except OSError as error:
            if str(error) != self._not_saved:
                self._not_saved = str(error)
                self.announce(_("Drafts can't be saved"), str(error), "warning")
        else:
            self._not_saved = ""

    def action_dismiss(self) -> None:
        """Dismiss the toasts."""
        self.clear_notifications()

    def action_palette(self) -> None:
        """Open the palette of commands."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())

    def action_help(self) -> None:
        """Show what can be done here."""
        focus = type(self.screen.focused).__name__
        context = self.screen.CONTEXT if isinstance(self.screen, AppScreen) else Context.APP
        self.push_screen(Help(self.keys, context, focus))

    def action_log(self) -> None:
        """Show what happened."""
        self.push_screen(LogWindow(self.log_lines))

    def action_theme(self) -> None:
        """Take the next theme."""
        self.theme = after(self.theme)
        self.announce(_("Theme"), self.theme)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Save the screen as a picture."""
        name = safe_name(filename or f"voicechat {self.now():%Y-%m-%d %H.%M.%S}.svg")
        picture = self.export_screenshot().encode()
        self.in_background(partial(self._save_picture, Path(path or ".") / name, picture), group="files")

    async def _save_picture(self, wanted: Path, picture: bytes) -> None:
        try:
            saved = await asyncio.to_thread(create, wanted, picture)
        except VoicechatError as error:
            self.report_error(_("The picture could not be saved"), error)
        else:
            self.announce(_("Picture saved"), str(saved.absolute()))

    async def action_interrupt(self) -> None:
        """Copy what is selected, or quit with the second press."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self.announce(_("Copied"), selected[:60])
        elif self.turns.pressed_at - self._interrupted_at < QUIT_WITHIN_S:
            await self.action_quit()
        else:
            self._interrupted_at = self.turns.pressed_at
            self.notify(
                _("Press {key} again to quit. What you were writing is kept.", key="ctrl+c"),
                title=_("Quit?"),
                timeout=QUIT_WITHIN_S,
            )

    async def action_quit(self) -> None:
        """Leave the app."""
        self.leave()

    def leave(self) -> None:
        """Save the state, and end."""
        try:
            self.local.save_now()
        except OSError as error:
            logging.getLogger(__name__).warning("drafts can't be saved: %s", error)
        super().leave()
