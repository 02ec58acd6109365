"""Chats as files: every message once, in order, and no text that looks like something it is not."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.chat_records import at, enter, spoken, text, the_chat, written
from voicechat_common.printable import printable, printable_lines
from voicechat_common.protocol.chat_http import ExportFormat
from voicechat_server.chat.export import EXPORTERS
from voicechat_server.chat.export import pages as pages_module
from voicechat_server.chat.export.markdown import escape
from voicechat_server.chat.export.subtitles import timecode
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store


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


PIECES = st.sampled_from(
    [
        "alice", "bob", ": ", ":", "：", "\ua789", "\\", "[2026-01-02 03:04:06 UTC] ", "**", " · ", "🎤",
        "> ",
        "# ", "=", "-", "1. ", "`", "<b>", "{\\an8}", "&amp;", "|", "00:00:01,000 --> 00:00:02,000", "1",
        "小明",
        " ", "你好", '"', ",", "}",
    ]
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\n\n", "\t", "    ", "\u2028", "\r\n", "\x9b", "\u202e", "\x85"])
NAMES = st.lists(PIECES, min_size=1, max_size=4).map("".join).map(str.strip).filter(bool)
CONTENTS = st.lists(PIECES | ENDS, min_size=1, max_size=8).map("".join).filter(str.strip)
SAID = st.lists(st.tuples(NAMES, CONTENTS, st.booleans()), max_size=4)
Told = list[tuple[str, str]]


def told_in_text(exported: str) -> tuple[str, Told]:
    title, _, _, *lines = exported.split("\n")
    told: Told = []
    for line in lines[:-1]:
        if line.startswith("    "):
            told[-1] = (told[-1][0], f"{told[-1][1]}\n{line[4:]}")
            continue
        found = re.fullmatch(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\] ((?:[^\\:]|\\.)*): (.*)", line)
        assert found, line
        told.append((re.sub(r"\\(.)", r"\1", found[1]), found[2]))
    return title.removeprefix("\\"), told


def told_in_markdown(exported: str) -> tuple[str, Told]:
    """What a reader of Markdown sees."""
    title, depth = "", 0
    told: Told = []
    tokens = MarkdownIt("commonmark").enable("table").parse(exported)
    for before, token in pairwise(tokens):
        depth += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        assert re.fullmatch("inline|(paragraph|blockquote|heading)_(open|close)", token.type)
        if token.type != "inline":
            continue
        children = token.children or []
        assert {child.type for child in children} <= {
            "text", "text_special", "strong_open", "strong_close", "hardbreak", "softbreak"
        }  # fmt: skip
        seen = "".join("\n" if "break" in child.type else child.content for child in children)
        if before.type == "heading_open":
            title = seen
        elif depth:
            told[-1] = (told[-1][0], f"{told[-1][1]}\n{seen}".lstrip("\n"))
        elif children[0].content == "" and "strong_open" in {child.type for child in children}:
            end = next(at for at, child in enumerate(children) if child.type == "strong_close")
            told.append(("".join(child.content for child in children[:end]), ""))
    return title, told


def told_in_subtitles(exported: str) -> Told:
    told: Told = []
    for number, block in enumerate(exported.split("\n\n")[:-1], start=1):
        first, times, said = block.split("\n")
        assert first == str(number)
        assert re.fullmatch(r"[\d:,]{12} --> [\d:,]{12}", times)
        assert not re.search(r"-->|[<{]", said)
        found = re.fullmatch(r"((?:[^\\:]|\\.)*): (.*)", said)
        assert found, said
        told.append((re.sub(r"\\(.)", r"\1", found[1]), found[2]))
    return told


def lines(content: str) -> str:
    return printable_lines(content.replace("\r\n", "\n").replace("\u2028", "\n"))


def blank_less(content: str) -> list[str]:
    return [printable(line).strip() for line in lines(content).split("\n") if printable(line).strip()]


def as_subtitle(text: str) -> str:
    return text.replace("<", "＜").replace("{", "｛").replace("-->", "-→")


@given(NAMES, SAID)
@example("t", [("alice", "not a heading\n=", False)])
def test_no_name_and_no_text_reads_like_another_line(title: str, said: list[tuple[str, str, bool]]) -> None:
    chat = Chat("c", title, "alice", at(0), last_seq=len(said))
    posts = [
        spoken(content, 0, 500, user=name) if is_spoken else text(content, user=name)
        for name, content, is_spoken in said
    ]
    messages = [
        StoredMessage(
            each.message_id, "c", seq, each.speaker, each.kind, each.content, each.at, speech=each.speech
        )
        for seq, each in enumerate(posts, start=1)
    ]
    texts, marked, subtitled, data = (
        asyncio.run(exported(form, FakeStore(messages), chat)) for form in ("txt", "md", "srt", "json")
    )
    assert told_in_text(texts) == (title, [(name, lines(content)) for name, content, _ in said])
    seen_title, seen = told_in_markdown(marked)
    assert seen_title == title
    assert [(name, blank_less(content)) for name, content in seen] == [
        (name, blank_less(content)) for name, content, _ in said
    ]
    assert told_in_subtitles(subtitled) == [
        (as_subtitle(name), as_subtitle(" ".join(printable(content).split())))
        for name, content, is_spoken in said
        if is_spoken
    ]
    loaded = json.loads(data)
    assert loaded["title"] == title
    assert [(each["speaker"], each["content"]) for each in loaded["messages"]] == [each[:2] for each in said]
    for each in (texts, marked, subtitled, data):
        assert not re.search("[\x80-\x9f\u2028\u202e]", each)


class FakeStore:
    """A store of messages that could not be stored any more."""

    def __init__(self, messages: list[StoredMessage]) -> None:
        self._messages = messages

    async def participants(self, _chat_id: str) -> list[str]:
        return [message.speaker for message in self._messages]

    async def messages(self, _chat_id: str, *, since: int, limit: int) -> list[StoredMessage]:
        return self._messages[since : since + limit]

    async def speeches(
        self, _chat_id: str, *, after: StoredMessage | None, limit: int
    ) -> list[StoredMessage]:
        spoken_ones = [message for message in self._messages if message.speech]
        return [] if after else spoken_ones[:limit]


async def exported(form: str, store: FakeStore, chat: Chat) -> str:
    pieces = EXPORTERS[ExportFormat(form)].export(cast("Store", store), chat)
    return "".join([piece async for piece in pieces])
