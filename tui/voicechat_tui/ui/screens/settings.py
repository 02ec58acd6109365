"""The settings: what holds, what it means, and how to change it."""

import asyncio

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from voicechat_common.errors import VoicechatError
from voicechat_tui.language import _
from voicechat_tui.settings import Loaded, Settings, change, load
from voicechat_tui.ui.model.settings_view import AT_ONCE, SettingLine, lines
from voicechat_tui.ui.screens.ask import Ask
from voicechat_tui.ui.screens.base import voicechat_of
from voicechat_tui.ui.screens.window import Window

_NAME_CELLS = 18


class SettingsWindow(Window[None]):
    """A line for each setting; enter changes it in the file.

    Args:
        loaded: The settings as they were read.
    """

    AUTO_FOCUS = "OptionList"
    DEFAULT_CSS = """
    SettingsWindow {
        & OptionList { height: auto; max-height: 100%; border: none; background: $surface; padding: 0; }
        & OptionList:focus { border: none; background-tint: $foreground 0%; }
        & OptionList:focus > .option-list--option-highlighted {
            background: $primary 30%; color: $foreground; text-style: none;
        }
    }
    """

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self._loaded = loaded
        self._lines: list[SettingLine] = []

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("Settings")

    def closing_text(self) -> str:
        """Say where the file is."""
        return _("enter: change   esc: close   file: {path}", path=self._loaded.path)

    def compose_content(self) -> ComposeResult:
        """Compose the lines."""
        yield OptionList()

    def on_mount(self) -> None:
        """Show what holds."""
        self._show(0)

    def _show(self, marked: int | None) -> None:
        self._lines = lines(self._loaded.settings, self._loaded.fixed)
        options = self.query_one(OptionList)
        options.set_options([Option(_option(line)) for line in self._lines])
        options.highlighted = marked

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Change a setting: to its next choice, or to what is written."""
        event.stop()
        line = self._lines[event.option_index]
        if line.fixed_by:
            voicechat_of(self).tell(
                _("Settings"),
                _("{variable} decides this; unset it first.", variable=line.fixed_by),
                "warning",
            )
        elif (choice := line.next_choice()) is not None:
            self._save(line.key, choice)
        else:
            value = getattr(self._loaded.settings, line.key)
            shown = "" if value is None else value if line.key == "url" else line.value
            self.app.push_screen(Ask(line.key, line.meaning, shown), lambda text: self._written(line, text))

    def _written(self, line: SettingLine, text: str | None) -> None:
        if text is not None:
            self._save(line.key, text or None)

    def _save(self, key: str, value: str | bool | None) -> None:
        self.run_worker(self._change(key, value), group="saving", exclusive=True)

    async def _change(self, key: str, value: str | bool | None) -> None:
        app = voicechat_of(self)
        try:
            typed = _typed(key, value)
            await asyncio.to_thread(change, key, typed, self._loaded.path)
            self._loaded = await asyncio.to_thread(load)
        except VoicechatError as error:
            app.tell_error(_("Not changed"), error)
            return
        if key in AT_ONCE:
            app.setting_changed(self._loaded)
        else:
            app.tell(_("Settings"), _("This holds from the next start on."))
        self._show(self.query_one(OptionList).highlighted)


def _typed(key: str, value: str | bool | None) -> str | bool | int | float | None:
    """Return what is written into the file: a number where the setting is one."""
    kind = Settings.model_fields[key].annotation
    if isinstance(value, str) and kind in (int, float):
        try:
            return int(value) if kind is int else float(value)
        except ValueError:
            return value  # `change` says what is wrong with it.
    return value


def _option(line: SettingLine) -> Content:
    fixed = f"  ({line.fixed_by})" if line.fixed_by else ""
    return Content.assemble(
        (f"{line.key:<{_NAME_CELLS}}", "bold"),
        (line.value, "$text-accent"),
        (fixed, "dim"),
        "\n",
        (line.meaning, "dim"),
    )
