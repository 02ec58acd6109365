"""Screens whose widgets are not always there: they are mounted after the screen, and removed before it.

Callbacks that may come too late (a timer, a server's answer, another screen that closes, events while the
app ends) need not check whether the screen is still there.
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
    """A screen that knows whether its widgets are there."""

    _has_begun = False

    @property
    def is_here(self) -> bool:
        """Whether its widgets are there, and will be until control returns to the event loop."""
        return self._has_begun and self.is_running and self.is_attached and self.app.is_running

    def begin(self) -> None:
        """Fill the widgets, which have just been mounted."""

    def on_mount(self) -> None:
        """Begin, except while the app ends, where the widgets may never be mounted."""
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
    """Make a method of a screen do nothing while the screen's widgets are not there."""

    @wraps(method)
    def guarded(screen: HereT, /, *arguments: P.args, **options: P.kwargs) -> ResultT | None:
        return method(screen, *arguments, **options) if screen.is_here else None

    return guarded
