"""The palette: every available action, by its name."""

from collections.abc import Iterator
from functools import partial

from rich.align import Align
from rich.text import Text
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.widgets.option_list import Option

from voicechat_tui.language import _
from voicechat_tui.ui.keys.actions import ACTIONS, Action, Context
from voicechat_tui.ui.protocols import voicechat_of


class Palette(CommandPalette):
    """The palette in the language of the interface: Textual's own is in English only."""

    def __init__(self) -> None:
        super().__init__(placeholder=_("Search for commands…"), id="--command-palette")

    def _start_no_matches_countdown(self, search_value: str) -> None:
        if not search_value:
            super()._start_no_matches_countdown(search_value)
            return
        self._stop_no_matches_countdown()
        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, self._say_that_nothing_fits)

    def _say_that_nothing_fits(self) -> None:
        text = Text(_("No command matches."), style="not bold")
        self.query_one(CommandList).add_option(Option(Align.center(text), disabled=True, id=self._NO_MATCHES))
        self._list_visible = True


class ActionCommands(Provider):
    """Finds actions of the registry."""

    async def discover(self) -> Hits:
        """Offer every available action."""
        for action in self._possible():
            yield DiscoveryHit(self._name(action), partial(self._run, action), help=_(action.help))

    async def search(self, query: str) -> Hits:
        """Offer the actions that match."""
        matcher = self.matcher(query)
        for action in self._possible():
            name = self._name(action)
            if (score := matcher.match(name)) > 0:
                # A match at the beginning ranks above one in the middle.
                score += name.casefold().startswith(query.casefold())
                yield Hit(score, matcher.highlight(name), partial(self._run, action), help=_(action.help))

    def _possible(self) -> Iterator[Action]:
        for action in ACTIONS:
            # The palette is already open.
            if action.id != "palette" and (node := self._node(action)) and node.check_action(action.id, ()):
                yield action

    def _node(self, action: Action) -> DOMNode | None:
        """Return the node that has the action, or None if it belongs to another screen."""
        if action.context is Context.APP:
            return self.app
        return self.screen if getattr(self.screen, "CONTEXT", None) is action.context else None

    def _name(self, action: Action) -> str:
        return f"{_(action.title)}  ({voicechat_of(self.screen).keys.label(action)})"

    async def _run(self, action: Action) -> None:
        await self.app.run_action(action.id, self._node(action))
