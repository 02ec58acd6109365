"""Screens whose parts are not always there: they come after the screen, and go before it.

Whoever calls a screen later than it was sure to be there (a timer, the answer of a server, another screen
that closes, the app, which is told of new messages while it ends) need not ask whether it still is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
HereT = TypeVar("HereT", bound="_Here")


class _Here(Protocol):
    @property
    def is_here(self) -> bool: ...


class Present(Screen[ScreenResultType]):
    """A screen that knows whether its parts are there."""

    _has_begun = False

    @property
    def is_here(self) -> bool:
        """Whether its parts are there, and will be until control goes back to the event loop."""
        return self._has_begun and self.is_running and self.is_attached and self.app.is_running

    def begin(self) -> None:
        """Fill the parts, which have just come."""

    def on_mount(self) -> None:
        """Begin, except in an app that ends, where the parts may never come."""
        self._has_begun = True
        if self.is_here:
            self.begin()

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the screen, unless it is closed or covered by another, which would be closed instead."""
        if self.is_here and self.app.screen is self:
            return super().dismiss(result)
        return AwaitComplete()


def while_here(
    method: Callable[Concatenate[HereT, P], ResultT],
) -> Callable[Concatenate[HereT, P], ResultT | None]:
    """Let a method of a screen do nothing while the screen's parts are not there."""

    @wraps(method)
    def guarded(screen: HereT, /, *arguments: P.args, **options: P.kwargs) -> ResultT | None:
        return method(screen, *arguments, **options) if screen.is_here else None

    return guarded
