"""The microphones to choose from, each with its level."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from voicechat_common.errors import VoicechatError
from voicechat_tui.language import _
from voicechat_tui.ui.background import STEP, in_background
from voicechat_tui.ui.model.status import meter
from voicechat_tui.ui.protocols import voicechat_of
from voicechat_tui.ui.screens.present import while_here
from voicechat_tui.ui.screens.window import Window

if TYPE_CHECKING:
    from voicechat_common.levels import Level
    from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice
    from voicechat_tui.ui.backend.sound import Meter

SHOWN_EVERY_S = 0.1


class DevicesWindow(Window[None]):
    """All microphones with their levels; enter chooses one, and it is remembered."""

    DEFAULT_CSS = "DevicesWindow #trouble { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._devices: list[InputDevice] = []
        self._meters: dict[DeviceName, Meter] = {}

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("Microphones")

    def closing_text(self) -> str:
        """Return how one is chosen."""
        return _("enter: take   esc: close")

    def compose_content(self) -> ComposeResult:
        """Compose the list."""
        yield Static(_("Looking for microphones…"), id="trouble", markup=False)
        yield OptionList()

    def begin(self) -> None:
        """Begin to listen."""
        self.query_one(OptionList).display = False
        in_background(self, self._find, group=STEP)

    async def _find(self) -> None:
        """Show the microphones, and then their levels."""
        try:
            self._devices = await voicechat_of(self).voice.sound.devices()
        except VoicechatError as error:
            self._show_trouble(str(error))
            return
        self._show_list()
        in_background(self, self._listen, group="meters")

    async def _listen(self) -> None:
        """Keep a meter running for each microphone as long as the window is open, and show them."""
        voice = voicechat_of(self).voice
        async with AsyncExitStack() as meters:
            for device in self._devices:
                # The one in use may refuse to open twice, and its level is known.
                if device.id.name != voice.open_device[0]:
                    self._meters[device.id] = await meters.enter_async_context(voice.sound.meter(device))
            while self.is_here:
                self._show_levels()
                await asyncio.sleep(SHOWN_EVERY_S)

    @while_here
    def _show_trouble(self, text: str) -> None:
        self.query_one("#trouble", Static).update(text)

    @while_here
    def _show_list(self) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.display = not self._devices
        trouble.update(_("There is no microphone. Plug one in, and open this window again."))
        options = self.query_one(OptionList)
        options.display = True
        prompts = [self._prompt(device) for device in (None, *self._devices)]
        options.set_options([Option(prompt) for prompt in prompts])
        options.highlighted = next(
            (place for place, device in enumerate(self._devices, 1) if self._is_chosen(device)), 0
        )
        options.focus()

    def _show_levels(self) -> None:
        options = self.query_one(OptionList)
        for place, device in enumerate(self._devices, 1):
            options.replace_option_prompt_at_index(place, self._prompt(device))

    def _prompt(self, device: "InputDevice | None") -> Content:
        if device is None:
            name, about = _("The system's default"), ""
        else:
            rate = _("{khz} kHz", khz=f"{device.rate / 1000:g}")
            default = f", {_('default')}" if device.is_default else ""
            name, about = device.id.name, f"{device.id.host_api or ''}, {rate}{default}"
        sign = "●" if self._is_chosen(device) else " "
        level = self._level_text(device)
        return Content.assemble(
            (f"{sign} {name}", "bold"), "\n  ", level, "  " if device else "", (about, "dim")
        )

    def _level_text(self, device: "InputDevice | None") -> Content:
        if device is None:
            return Content.styled(_("whichever the system chooses"), "dim")
        held = self._meters.get(device.id)
        if held is not None and held.problem is not None:
            return Content.styled(held.problem.message, "$text-error")
        open_name, open_level = voicechat_of(self).voice.open_device
        level: Level | None = open_level if device.id.name == open_name else None
        level = held.level if held is not None else level
        if level is None:
            return Content("")
        said = _("CLIP") if level.clipped else f"{level.peak_db:.0f} dB"
        return Content.styled(
            f"{meter(level)} {said:<6}", "$text-error" if level.clipped else "$text-success"
        )

    def _is_chosen(self, device: "InputDevice | None") -> bool:
        settings = voicechat_of(self).settings
        if device is None:
            return settings.device is None
        return settings.device == device.id.name and settings.host_api in (None, device.id.host_api)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose a microphone, and remember it."""
        event.stop()
        device = self._devices[event.option_index - 1] if event.option_index else None
        voicechat_of(self).in_background(partial(self._take, device), group=STEP)

    async def _take(self, device: "InputDevice | None") -> None:
        app = voicechat_of(self)
        name, host_api = (device.id.name, device.id.host_api) if device else (None, None)
        try:
            await app.save_settings({"device": name, "host_api": host_api})
        except VoicechatError as error:
            app.report_error(_("Not changed"), error)
            return
        app.announce(_("Microphone"), device.id.name if device else _("The system's default"))
        if self.is_current:
            self.dismiss(None)
