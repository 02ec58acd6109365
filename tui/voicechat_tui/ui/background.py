"""Work beside the app's messages, such as calls of the server."""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

STEP = "step"
"""The group of workers that complete what a key does: later keys wait for them."""


def in_background(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, object]],
    *,
    group: str,
    name: str = "",
    exclusive: bool = False,
) -> None:
    """Start some work that ends with its node; nothing starts once the app is ending.

    Args:
        node: The app, or the screen that the work is for.
        work: A function, not a coroutine: Python warns of a coroutine that never ran.
        group: What it belongs to.
        name: Its name in the group.
        exclusive: Whether it replaces all others of the group.
    """

    async def run() -> None:
        await work()

    if node.app.is_running:
        worker: Worker[None] = node.run_worker(run, name, group, exclusive=exclusive)
        del worker  # The node owns it.
