"""The benchmark of the app does not wait for what an app that has ended can't do."""

import pytest

from bench.tui_stage import open_chat, until


async def end_while_something_is_waited_for() -> None:
    async with open_chat() as stage:
        stage.app.call_later(stage.app.leave)
        await until(stage.app, lambda: False)


async def test_an_app_that_ends_ends_the_wait() -> None:
    with pytest.raises(RuntimeError, match="the app has ended"):
        await end_while_something_is_waited_for()
