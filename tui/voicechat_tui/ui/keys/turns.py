"""One key after the other: each finds the app as the key before it left it, however fast they come.

Textual puts a key into the queue of the widget that has the focus. From there it goes up, queue by queue, to
the screen and to the app, and what it causes there (a text is sent, a screen opens, the focus moves) happens
later still, while the keys behind it already reach the widget of before. So keys, pastes and clicks wait
here, and the next one is let through when nothing is left to be done for the one before it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.message_pump import MessagePump

from voicechat_tui.ui.background import STEP
from voicechat_tui.ui.keys.keymap import Keymap

STEP_WITHIN_S = 2.0
"""No key waits longer for one of these, or for joining a chat: a hanging server blocks no keyboard."""
ROUND_WITHIN_S = 1.0
"""What has not come back by then never will: it was queued for a screen that has closed."""
REPEATS_WITHIN_S = 0.75
"""A keyboard repeats a held key after half a second or so, and then many times a second. Most terminals send
a repeat exactly as they send a press, so time is all there is to tell them apart."""
WAITING = 1 << 16
"""Events that may wait, more than anybody types ahead. Beyond that the newest are dropped, with a toast."""
_ROUNDS = 30
"""A very busy app never settles; what a key has caused counts as done after so many rounds."""
_STEP_LOOK_S = 0.01

_INPUT = (events.InputEvent, events.Paste, events.AppFocus, events.AppBlur)
_MOVES = (
    events.MouseMove,
    events.MouseScrollUp,
    events.MouseScrollDown,
    events.MouseScrollLeft,
    events.MouseScrollRight,
)


class HeldKey:
    """Remembers the last key and when it came.

    Args:
        clock: Steady seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = ""
        self._at = 0.0

    def released(self) -> None:
        """Note other input, after which no key can still be held."""
        self._key = ""

    def repeats(self, key: str) -> bool:
        """Note a key; return whether it repeats the key before it, still held down."""
        now = self._clock()
        is_repeat = key == self._key and now - self._at < REPEATS_WITHIN_S
        self._key, self._at = key, now
        return is_repeat


class Turns:
    """What a person does at the terminal, in order.

    Args:
        app: Whose keys these are.
        clock: The app's clock, in seconds.
        keys: The keys that do something.
        joining: Returns what is shown and not yet wholly known, or None.
        overflowed: Called when events are dropped, once until there is room again.

    Attributes:
        is_repeat: Whether the key whose turn it is comes from a key that is held down.
        pressed_at: When it was pressed, which may be long before its turn, by the app's clock.
    """

    def __init__(
        self,
        app: App[None],
        clock: Callable[[], float],
        keys: Keymap,
        joining: Callable[[], object | None],
        overflowed: Callable[[], None],
    ) -> None:
        self.is_repeat = False
        self.pressed_at = clock()
        self._app = app
        self._clock = clock
        self._keys = keys
        self._joining = joining
        self._overflowed = overflowed
        self._held = HeldKey(clock)
        self._waiting: asyncio.Queue[tuple[events.Event, bool, float]] = asyncio.Queue(WAITING)
        self._has_lost = False
        self._due: set[events.Event] = set()
        self._began: WeakKeyDictionary[object, float] = WeakKeyDictionary()

    def take(self, event: events.Event) -> bool:
        """Queue an event for its turn; return False if it needs none, or if its turn has come."""
        if not isinstance(event, _INPUT) or event.is_forwarded:
            return False
        if event in self._due:
            self._due.discard(event)
            return False
        is_repeat = isinstance(event, events.Key) and self._held.repeats(event.key)
        if self._waiting.full():
            if not self._has_lost:
                self._has_lost = True
                self._overflowed()
        else:
            self._has_lost = False
            self._waiting.put_nowait((event, is_repeat, self._clock()))
        return True

    def clicked(self) -> None:
        """Note a click, after which the next key can't be a repeat."""
        self._held.released()
        self.is_repeat = False

    async def run(self) -> None:
        """Process events one by one, for ever."""
        await self._settle()
        is_settled = True
        while True:
            event, is_repeat, pressed_at = await self._waiting.get()
            needs_order_only = self._needs_order_only(event)
            if not (needs_order_only or (is_settled and self._joining() is None)):
                await self._settle(joins=True)
            self.is_repeat, self.pressed_at = is_repeat, pressed_at
            self._due.add(event)
            self._app.post_message(event)
            if not needs_order_only:
                await self._settle()
            is_settled = not needs_order_only

    def _needs_order_only(self, event: events.Event) -> bool:
        """Return whether the next event may follow at once, because this one changes no focus.

        A long text that is pasted without brackets would take many times as long otherwise.
        """
        if isinstance(event, events.Key):
            focused = self._app.focused
            is_text = focused is not None and focused.check_consume_key(event.key, event.character)
            return is_text and not self._keys.has(event.key)
        return isinstance(event, _MOVES)

    async def _settle(self, *, joins: bool = False) -> None:
        """Wait until everything that the last event has caused is done.

        Args:
            joins: Whether that includes having joined the chat that is shown. Typing doesn't need it.
        """
        rounds = 0
        while rounds < _ROUNDS:
            is_quiet = await self._round()
            if self._is_under_way(joins=joins):
                await asyncio.sleep(_STEP_LOOK_S)
            elif is_quiet:
                return
            else:
                rounds += 1

    async def _round(self) -> bool:
        """Let the app handle its queues and draw; return whether it was idle."""
        app = self._app
        before = (app.screen_stack, app.focused)
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_WITHIN_S):
                await _handled(self._nodes())
                if any(node.message_queue_size for node in self._nodes()):
                    return False
                await _drawn(app)
                is_same = before == (app.screen_stack, app.focused)
                return is_same and not any(node.message_queue_size for node in self._nodes())
        return False

    def _nodes(self) -> list[MessagePump]:
        """Return every node with a message queue."""
        screens = self._app.screen_stack
        return [self._app, *(node for screen in screens for node in screen.walk_children(with_self=True))]

    def _is_under_way(self, *, joins: bool) -> bool:
        now = asyncio.get_running_loop().time()
        steps: list[object] = [
            worker
            for worker in self._app.workers
            if not worker.is_finished and (worker.group == STEP or isinstance(worker.node, CommandPalette))
        ]
        if joins and (joining := self._joining()) is not None:
            steps.append(joining)
        return any(now - self._began.setdefault(step, now) < STEP_WITHIN_S for step in steps)


async def _handled(nodes: Sequence[MessagePump]) -> None:
    """Wait until each of some nodes has handled what is in its queue now."""
    done = asyncio.Event()
    left = 0

    def one() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    for node in nodes:
        left += node.call_later(one)
    if left:
        await done.wait()


async def _drawn(node: MessagePump) -> None:
    """Wait until every change is laid out and drawn."""
    done = asyncio.Event()
    if node.call_after_refresh(done.set):
        await done.wait()
