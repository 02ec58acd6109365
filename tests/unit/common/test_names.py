"""What names and texts may hold."""

import re
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from voicechat_common.names import (
    CHAT_ID_MAX_LENGTH,
    CONTENT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    USER_MAX_LENGTH,
    ChatId,
    ClientMessageId,
    Content,
    Title,
    UserName,
)

CHAT_ID: TypeAdapter[str] = TypeAdapter(ChatId)
USER: TypeAdapter[str] = TypeAdapter(UserName)
TITLE: TypeAdapter[str] = TypeAdapter(Title)
CLIENT_MESSAGE_ID: TypeAdapter[str] = TypeAdapter(ClientMessageId)
CONTENT: TypeAdapter[str] = TypeAdapter(Content)


@pytest.mark.parametrize("text", ["test_chat_001", "a", "A-b.c_D", "_", "0" * CHAT_ID_MAX_LENGTH, "lists"])
def test_a_chat_id_is_taken_as_it_is(text: str) -> None:
    assert CHAT_ID.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", ".hidden", "a/b", "../etc", "a b", "a\n", "a\n\n", "a\\b", "a%2Fb", "a'b", 'a"b', "小明",
     "a\x00", "list", "0" * (CHAT_ID_MAX_LENGTH + 1), "0" * 10_000],
)  # fmt: skip
def test_a_chat_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CHAT_ID.validate_python(text)


@pytest.mark.parametrize(
    "text", ["alice", "小明", "Zoë O'Brien", "a/b", 'a"b', "<b>", "😀", "x" * USER_MAX_LENGTH]
)
def test_a_name_may_be_of_any_script(text: str) -> None:
    assert USER.validate_python(text) == text


def test_a_name_is_composed_so_that_it_is_the_same_however_it_was_typed() -> None:
    assert USER.validate_python("Zoe\u0308") == "Zo\u00eb"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least 1 character"),
        (" alice", "white space"),
        ("alice\n", "white space"),
        ("\u3000", "white space"),
        ("a\tb", "U\\+0009"),
        ("a\x1b[2Jb", "U\\+001B"),
        ("a\u200bb", r"U\+200B \(zero width space\)"),
        ("a\u202eb", r"U\+202E \(right-to-left override\)"),
        ("a\u2028b", "line separator"),
        ("a\U000e0041b", "tag latin capital letter a"),
        ("x" * (USER_MAX_LENGTH + 1), "at most 64 characters"),
        ("\ud800", "valid string"),
    ],
)
def test_a_name_that_deceives_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        USER.validate_python(text)


def test_a_title_is_a_line() -> None:
    assert TITLE.validate_python("x" * TITLE_MAX_LENGTH)
    with pytest.raises(ValidationError, match="U\\+000A"):
        TITLE.validate_python("two\nlines")


def test_a_text_keeps_its_lines_and_tabs() -> None:
    assert CONTENT.validate_python("one\r\n\ttwo\n") == "one\n\ttwo\n"
    assert CONTENT.validate_python("\u05d0 \u200f! 👨\u200d👩") == "\u05d0 \u200f! 👨\u200d👩"
    assert CONTENT.validate_python("x" * CONTENT_MAX_LENGTH)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "a\rb", "a\x00b", "\x1b]0;t\x07", "a\u202eb", "a\u2066b", "a\x85b", "a\ud800b",
             "x" * (CONTENT_MAX_LENGTH + 1), "x" * 2**20]
)  # fmt: skip
def test_a_text_that_is_empty_too_long_or_harmful_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CONTENT.validate_python(text)


def test_a_client_message_id_is_plain() -> None:
    assert CLIENT_MESSAGE_ID.validate_python("alice:2026-01-01.7_a")
    for text in ("", "a b", "a/b", "ü", "x" * 129):
        with pytest.raises(ValidationError):
            CLIENT_MESSAGE_ID.validate_python(text)


@pytest.mark.parametrize("kind", [ChatId, UserName, Title, ClientMessageId, Content])
@given(data=st.data())
def test_the_schema_tells_what_the_server_does(kind: Any, data: st.DataObject) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(Annotated[kind, ...])
    schema = adapter.json_schema()
    text = data.draw(st.text(max_size=12) | st.from_regex(schema["pattern"]))
    fits = len(text) >= 1 and len(text) <= schema["maxLength"] and bool(re.search(schema["pattern"], text))
    try:
        adapter.validate_python(text)
    except ValidationError:
        taken = False
    else:
        taken = True
    # Python's `$` lets a newline follow, which ECMA's does not.
    assert taken == (fits and not (text.endswith("\n") and kind is not Content))
