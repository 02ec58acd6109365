"""Chats as files: every message once, in order, and no text that looks like something it is not."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.chat_records import enter, spoken, text, the_chat, written
from voicechat_common.protocol.chat_http import ExportFormat
from voicechat_server.chat.export import EXPORTERS
from voicechat_server.chat.export import pages as pages_module
from voicechat_server.chat.export.markdown import escape
from voicechat_server.chat.export.subtitles import timecode
from voicechat_server.chat.store import Store


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    async with Store(str(database)) as opened:
        await written(opened, enter(title="Minutes"))
        yield opened


async def export(store: Store, form: ExportFormat) -> str:
    return "".join([piece async for piece in EXPORTERS[form].export(store, await the_chat(store))])


async def test_text(store: Store) -> None:
    await written(store, text("hello"), text("two\nlines", user="bob", seconds=61))
    assert await export(store, ExportFormat.TXT) == (
        "Minutes\n2026-01-02 03:04:05 UTC, 2 messages\n\n"
        "[2026-01-02 03:04:06 UTC] alice: hello\n"
        "[2026-01-02 03:05:06 UTC] bob: two\n    lines\n"
    )


async def test_markdown(store: Store) -> None:
    await written(store, text("# not a heading\n- <b>nor</b> a list"), spoken("你好", 0, 500))
    assert await export(store, ExportFormat.MD) == (
        "# Minutes\n\n2026-01-02 03:04:05 UTC, 2 messages\n"
        "\n**alice** · 2026-01-02 03:04:06 UTC\n\n"
        "> \\# not a heading  \n> \\- \\<b\\>nor\\</b\\> a list  \n"
        "\n**alice** 🎤 · 2026-01-02 03:04:06 UTC\n\n> 你好  \n"
    )


@pytest.mark.parametrize(
    "content", ["    code", "\tcode", "1. one", "[x](http://x)", "`x`", "| a |", "~~~", "$x$"]
)
def test_markdown_is_only_text(content: str) -> None:
    assert escape(content).replace("\\", "") == content.strip()
    assert not escape(content).startswith((" ", "\t", "1. ", "[", "`", "|", "~", "$"))


async def test_subtitles_are_what_was_spoken_in_the_order_of_speaking(store: Store) -> None:
    await written(
        store,
        text("typed"),
        spoken("second\n\nline", 3_000, 4_250),
        spoken("first", 1_500, 2_000),
        spoken("bob's", 700, 700, user="bob", began=61),
    )
    assert await export(store, ExportFormat.SRT) == (
        "1\n00:00:01,500 --> 00:00:02,000\nalice: first\n\n"
        "2\n00:00:03,000 --> 00:00:04,250\nalice: second line\n\n"
        "3\n00:01:01,700 --> 00:01:01,701\nbob: bob's\n\n"
    )


def test_a_time_of_many_hours() -> None:
    assert timecode(((25 * 60 + 1) * 60 + 2) * 1000 + 3) == "25:01:02,003"


async def test_json_has_words_and_times(store: Store) -> None:
    await written(store, text("hi", client_message_id="m"), spoken("你好", 100, 900))
    chat = json.loads(await export(store, ExportFormat.JSON))
    assert (chat["chat_id"], chat["title"], chat["participants"]) == ("c", "Minutes", ["alice"])
    typed, said = chat["messages"]
    assert (typed["seq"], typed["content"], typed["client_message_id"]) == (1, "hi", "m")
    assert "words" not in typed
    assert (said["start_ms"], said["end_ms"], said["words"]) == (100, 900, [["你好", 100, 900]])
    assert said["spoken_at"] == "2026-01-02T03:04:05.778901+00:00"


async def test_a_long_chat_is_read_in_pages_and_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "PAGE", 3)
    await written(store, *(spoken(str(number), 100, 200, began=number // 4) for number in range(10)))
    numbers = [str(number) for number in range(10)]
    chat = json.loads(await export(store, ExportFormat.JSON))
    assert [message["content"] for message in chat["messages"]] == numbers
    lines = (await export(store, ExportFormat.TXT)).splitlines()[3:]
    assert [line.rpartition(": ")[2] for line in lines] == numbers
    cues = (await export(store, ExportFormat.SRT)).split("\n\n")[:-1]
    assert [cue.rpartition(": ")[2] for cue in cues] == numbers


@pytest.mark.parametrize("form", ExportFormat)
async def test_a_chat_without_messages(store: Store, form: ExportFormat) -> None:
    exported = await export(store, form)
    if form is ExportFormat.SRT:
        assert exported == ""
    else:
        assert "Minutes" in exported
    if form is ExportFormat.JSON:
        assert json.loads(exported)["messages"] == []
