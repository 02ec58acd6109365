"""The app where the locale is Chinese: its windows, its palette, and what the server says."""

import pytest
from rich.align import Align
from textual.command import CommandList, CommandPalette
from textual.widgets import Input, Static

from tests.support.staged import CHAT, StagedBackend, caught_up, connected, shown, staged_app, until
from voicechat_common.protocol.chat import ChatError
from voicechat_tui import language
from voicechat_tui.client.chat.events import Refused
from voicechat_tui.ui.screens.new_chat import NewChat


@pytest.fixture(autouse=True)
def _chinese() -> None:
    language.use("zh")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "内容为空"),
        ("x" * 201, "超过 200 个字符"),
        ("a\u200bb", "含有控制字符或不可见字符 U+200B (zero width space)"),
        ("#list", "聊天编号由"),
        ("#", "内容为空"),
    ],
)
async def test_a_wrong_name_of_a_chat_is_told(text: str, reason: str) -> None:
    app = staged_app()
    async with app.run_test() as pilot:
        await pilot.press("f4")
        window = await shown(pilot, NewChat)
        window.query_one(Input).value = text
        await pilot.press("enter")
        await until(pilot, lambda: str(window.query_one("#wrong", Static).content).startswith(reason))


async def test_the_palette_speaks_it() -> None:
    app = staged_app()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = await shown(pilot, CommandPalette)
        assert palette.query_one(Input).placeholder == "搜索命令"
        await pilot.press(*"xyz")
        commands = palette.query_one(CommandList)
        await until(pilot, lambda: any(option.disabled for option in commands.options))
        (nothing,) = commands.options
        assert isinstance(nothing.prompt, Align)
        assert str(nothing.prompt.renderable) == "没有符合的命令。"


async def test_what_the_server_says_is_told_in_it() -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: backend.links)
        error = ChatError(
            code="not_owner",
            message="Only 'bob', who owns the chat 'monday', may end it.",
            advice="Ask 'bob' to end it, or just leave.",
        )
        refused = Refused(
            client_message_id="own-1",
            content="hello",
            code="chat_ended",
            message="The chat 'monday' was ended by 'bob', and takes no more messages.",
            advice="Some new advice.",
        )
        backend.links[0].tell(connected(), caught_up(), error, refused)
        await until(pilot, lambda: len(app._notifications) == 2)
        said = {note.title: note.message for note in app._notifications}
        assert (
            said["服务器提示"]
            == "只有聊天 'monday' 的创建者 'bob' 可以结束它。 请让 'bob' 结束它，或直接离开。"
        )
        assert said["未发送"] == "聊天 'monday' 已由 'bob' 结束，不再接收消息。 请查看服务器的日志。"
