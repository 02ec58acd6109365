"""The settings: what is in effect, what it means, and how to change it."""

from functools import partial

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from voicechat_common.errors import VoicechatError
from voicechat_tui.client.connection.address import unhidden
from voicechat_tui.language import _
from voicechat_tui.redaction import shown as shown_address
from voicechat_tui.settings.writing import Value, typed
from voicechat_tui.ui.background import STEP
from voicechat_tui.ui.model.settings_view import AT_ONCE, SettingLine, lines
from voicechat_tui.ui.protocols import voicechat_of
from voicechat_tui.ui.screens.ask import Ask
from voicechat_tui.ui.screens.present import while_here
from voicechat_tui.ui.screens.window import Window

_NAME_CELLS = 18


class SettingsWindow(Window[None]):
    """A line for each setting: what is in effect, and where it comes from. Enter changes it in the file."""

    AUTO_FOCUS = "OptionList"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[SettingLine] = []

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("Settings")

    def closing_text(self) -> str:
        """Say where the file is."""
        return _("enter: change   esc: close   file: {path}", path=voicechat_of(self).loaded.path)

    def compose_content(self) -> ComposeResult:
        """Compose the lines."""
        yield OptionList()

    def begin(self) -> None:
        """Show what is in effect."""
        self._show(0)

    def _show(self, marked: int | None) -> None:
        app = voicechat_of(self)
        self._lines = lines(app.loaded, app.settings.url, app.user)
        options = self.query_one(OptionList)
        options.set_options([Option(_option(line)) for line in self._lines])
        options.highlighted = marked

    @while_here
    def _show_again(self) -> None:
        self._show(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Change a setting: to its next choice, or to what the person enters."""
        event.stop()
        line = self._lines[event.option_index]
        if line.fixed_by:
            variable = _("{variable} sets this; unset it first.", variable=line.fixed_by)
            voicechat_of(self).announce(_("Settings"), variable, "warning")
        elif line.elsewhere:
            voicechat_of(self).announce(_("Settings"), line.elsewhere)
        elif (choice := line.next_choice()) is not None:
            self._save(line.key, choice)
        else:
            self._ask(line)

    def _ask(self, line: SettingLine) -> None:
        settings = voicechat_of(self).loaded.settings
        value = getattr(settings, line.key)
        shown = shown_address(value) if line.key == "url" else "" if value is None else line.value

        def written(text: str) -> Value | None:
            return typed(line.key, unhidden(text.strip(), value) if line.key == "url" else text)

        def wrong(text: str) -> str:
            try:
                written(text)
            except VoicechatError as error:
                return error.message
            return ""

        def answered(text: str | None) -> None:
            if text is not None:
                self._save(line.key, written(text))

        self.app.push_screen(Ask(line.key, line.meaning, shown, wrong), answered)

    def _save(self, key: str, value: Value | None) -> None:
        # The window may be closed before the file is written.
        voicechat_of(self).in_background(partial(self._change, key, value), group=STEP)

    async def _change(self, key: str, value: Value | None) -> None:
        app = voicechat_of(self)
        try:
            await app.save_settings({key: value})
        except VoicechatError as error:
            app.report_error(_("Not changed"), error)
            return
        if key not in AT_ONCE:
            app.announce(_("Settings"), _("This takes effect at the next start."))
        self._show_again()


def _option(line: SettingLine) -> Content:
    return Content.assemble(
        (f"{line.key:<{_NAME_CELLS}}", "bold"),
        (line.value, "$text-accent"),
        (f"  ({line.comes_from})", "dim"),
        "\n",
        (line.meaning, "dim"),
    )
