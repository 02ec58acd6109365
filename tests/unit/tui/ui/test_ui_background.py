"""Work beside the app's messages: begun in one place, and never once the app ends."""

import ast
import asyncio
import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

from textual.app import App

import voicechat_tui.ui
from voicechat_tui.ui.background import in_background

UI = Path(voicechat_tui.ui.__file__).parent


def calls(name: str) -> Iterator[str]:
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == name:
                yield path.name


def test_there_is_one_place_where_work_is_begun() -> None:
    assert list(calls("run_worker")) == ["background.py"]


async def test_work_that_the_end_overtakes_is_nothing_to_warn_of() -> None:
    steps = []

    async def work() -> None:
        steps.append("begun")

    app = App[None]()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with app.run_test():
            in_background(app, work, group="test")
            app.workers.cancel_all()
            await asyncio.sleep(0)
        in_background(app, work, group="test")
        gc.collect()
    assert steps == []
    assert [str(warning.message) for warning in warned if "never awaited" in str(warning.message)] == []
