"""Keys that a terminal delivers together do what they do one at a time: in the real app, on a real server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.null_sink import no_microphone
from tests.support.server import LiveServer
from tests.support.watched import Press, Watched, watched

TITLES = ("alpha", "beta", "gamma")
KEYS = {
    "enter": "\r",
    "newline": "\n",
    "backspace": "\x7f",
    "tab": "\t",
    "back tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "page up": "\x1b[5~",
    "home": "\x1b[H",
    "escape": "\x1b",
    "search": "/",
    "help": "\x1bOP",
    "mute": "\x1bOR",
    "new chat": "\x1bOS",
    "copy": "\x1b[15~",
    "log": "\x1b[20~",
    "commands": "\x1b[24~",
    "end chat": "\x1bx",
    "yes": "y",
}


def key(name: str, *, is_alone: bool = False) -> Press:
    return Press(KEYS[name], is_alone=is_alone)


def text(typed: str) -> Press:
    return Press(typed, len(typed))


def paste(pasted: str) -> Press:
    return Press(f"\x1b[200~{pasted}\x1b[201~")


@dataclass(frozen=True)
class Person:
    """Somebody in front of a list of chats."""

    server: LiveServer
    user: str
    app: Watched

    def go_home(self) -> dict[str, Any]:
        """Go back to the list, with nothing searched for and the first chat marked; return what is shown."""
        for _ in range(20):
            shown = self.app.shown()
            if shown["screens"] == ["ChatsScreen"] and shown["focus"] == "ChatList":
                if not any(shown["inputs"]):
                    self.app.one_by_one([key("home")])
                    return self.app.shown()
                self.app.one_by_one([key("search")])
            self.app.one_by_one([key("escape")])
        raise AssertionError(shown)

    def stored(self) -> list[tuple[str, list[str]]]:
        """The person's chats by title, each with what was said there."""
        found = []
        with httpx.Client(base_url=self.server.http) as http:
            chats = http.get("/chat/list", params={"id": self.user, "limit": 200}).json()["chat_list"]
            for chat in chats:
                messages = http.get(f"/chat/{chat['chat_id']}").json()["messages"]
                said = [message["content"] for message in messages]
                found.append((f"{chat['title']} {chat['status']}", said))
        return sorted(found)


@contextmanager
def _person(server: LiveServer, user: str) -> Iterator[Person]:
    for title in reversed(TITLES):
        httpx.post(f"{server.http}/chat", json={"user_id": user, "title": title}).raise_for_status()
    options = ("--url", server.address, "--user", user)
    # The name of a socket may not be long, as those of the tests' own directories are.
    with TemporaryDirectory(prefix="keys-") as files:
        quiet = no_microphone(Path(files))
        with watched(Path(files) / user, *options, environment=quiet) as app:
            yield Person(server, user, app)


@pytest.fixture(scope="module")
def alone(chat_server: LiveServer) -> Iterator[Person]:
    with _person(chat_server, "alone") as person:
        yield person


@pytest.fixture(scope="module")
def two(chat_server: LiveServer) -> Iterator[tuple[Person, Person]]:
    """Two people with the same chats: the one presses at once what the other presses key by key."""
    with _person(chat_server, "fast") as fast, _person(chat_server, "slow") as slow:
        yield fast, slow


GAPS_S = (0.0, 0.0, 0.005, 0.02, 0.05)
LETTERS = st.text("ab你 ", min_size=1, max_size=4)
WORDS = st.one_of(
    LETTERS.map(text),
    st.sampled_from(["one\rtwo\r", "beta", "help\r"]).map(text),
    st.sampled_from(["pasted", "two\nlines"]).map(paste),
)
PRESSES = st.lists(
    st.tuples(
        st.one_of(WORDS, st.sampled_from(sorted(KEYS)).map(key)),
        st.sampled_from(GAPS_S),
    ),
    min_size=4,
    max_size=14,
).map(lambda pressed: separated([replace(press, gap_s=gap_s) for press, gap_s in pressed]))


def separated(presses: list[Press]) -> list[Press]:
    """Keep apart what can't be told from alt: a terminal sends that as an escape right before a letter."""
    return [replace(press, is_alone=press.data == KEYS["escape"]) for press in presses]


LINES = tuple(f"line {number}" for number in range(12))
OPEN_ALPHA = [key("search"), text("alpha"), key("enter")]
NEW_CHAT = [key("new chat"), text("abc"), key("enter")]


@dataclass(frozen=True)
class Case:
    """Keys that are pressed at once in the list, and what they do.

    Attributes:
        said: What is said in the chat that is open then.
        left: What stands in the composer.
        chat: Which chat it is.
    """

    presses: list[Press]
    said: tuple[str, ...] = ()
    left: str = ""
    chat: str = "alpha"


CASES = {
    "two messages": Case([*OPEN_ALPHA, text("hello\rworld\r")], ("hello", "world")),
    "an unfinished one": Case([*OPEN_ALPHA, text("one\rtwo\rthree")], ("one", "two"), "three"),
    "a paste without brackets": Case([*OPEN_ALPHA, text("\r".join(LINES) + "\r")], LINES),
    "new lines": Case([*OPEN_ALPHA, text("one\ntwo\n\nthree\r")], ("one\ntwo\n\nthree",)),
    "a paste between": Case([*OPEN_ALPHA, text("a"), paste("b\nc"), text("d\re")], ("ab\ncd",), "e"),
    "a chat that was searched for": Case(OPEN_ALPHA),
    "a chat that was marked": Case(
        [key("down"), key("down"), key("up"), text("\rhi\r")], ("hi",), "", "beta"
    ),
    "a new chat": Case([*NEW_CHAT, key("enter"), text("hello\r")], ("hello",), "", "abc"),
    "help in between": Case(
        [
            *OPEN_ALPHA,
            text("a"),
            key("help"),
            key("escape"),
            key("help"),
            key("escape", is_alone=True),
            text("b\r"),
        ],
        ("ab",),
    ),
    "alt and a letter right before escape": Case(
        [*OPEN_ALPHA, text("a"), key("end chat"), key("escape", is_alone=True), text("b\r")], ("ab",)
    ),
    "letters for the composer": Case(
        [*OPEN_ALPHA, text("a\r"), key("back tab"), key("up"), text("b")], ("a",), "b"
    ),
    "the palette": Case(
        [*OPEN_ALPHA, text("a\rb"), key("commands"), text("back to\r"), *OPEN_ALPHA], ("a",), "b"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_keys_at_once(alone: Person, name: str) -> None:
    case = CASES[name]
    alone.go_home()
    before = alone.stored()
    alone.app.burst(case.presses)
    shown = alone.app.shown()
    assert shown["screens"] == ["ChatsScreen", "ChatScreen"]
    assert (shown["chat"], shown["texts"]) == (case.chat, [case.left])
    assert tuple(shown["said"][len(shown["said"]) - len(case.said) :]) == case.said
    after = alone.stored()
    assert len(after) - len(before) == (case.chat == "abc")
    assert sum(len(said) for _, said in after) - sum(len(said) for _, said in before) == len(case.said)
    alone.app.burst([key("backspace")] * len(case.left))


@given(presses=PRESSES)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_keys_at_once_do_what_they_do_one_by_one(two: tuple[Person, Person], presses: list[Press]) -> None:
    fast, slow = two
    assert fast.go_home() == slow.go_home()
    fast.app.burst(presses)
    slow.app.one_by_one(presses)
    assert fast.app.shown() == slow.app.shown()
    assert fast.stored() == slow.stored()
