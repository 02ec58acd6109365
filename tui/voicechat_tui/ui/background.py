"""Work beside the app's messages, such as calls of the server."""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

STEP = "step"
"""The group of workers whose work is a part of what a key does: later keys wait for its end."""


def in_background(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, object]],
    *,
    group: str,
    name: str = "",
    exclusive: bool = False,
) -> None:
    """Begin some work, which ends with its node; nothing begins once the app ends, which waits for no more.

    Args:
        node: The app, or the screen that the work is for.
        work: A function, not a coroutine: one that ends before its first step would be warned of.
        group: What it belongs to.
        name: Its name in the group.
        exclusive: Whether it takes the place of all others of the group.
    """

    async def run() -> None:
        await work()

    if node.app.is_running:
        worker: Worker[None] = node.run_worker(run, name, group, exclusive=exclusive)
        del worker  # The node owns it.
