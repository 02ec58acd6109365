"""What callers of the chat do wrong over HTTP: the right status, an error that helps, and nothing stored."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.server import LiveServer

ENTRY = {"user_id": "alice", "content": "hello"}


@pytest.fixture(scope="module")
def http(chat_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=chat_server.http) as client:
        yield client


@pytest.fixture(scope="module")
def chat(http: httpx.Client) -> str:
    """A chat that must stay as it is."""
    chat_id: str = http.post("/chat", json={"user_id": "alice", "title": "t"}).json()["chat_id"]
    http.post(f"/chat/{chat_id}/messages", json=ENTRY).raise_for_status()
    return chat_id


@pytest.fixture(autouse=True)
def nothing_is_stored(http: httpx.Client, chat: str) -> Iterator[None]:
    before = http.get(f"/chat/{chat}").json(), http.get("/health").json()["total_chats"]
    yield
    assert (http.get(f"/chat/{chat}").json(), http.get("/health").json()["total_chats"]) == before


def assert_refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check the form of an error and return its message."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["advice"]
    message: str = error["message"]
    assert 0 < len(message) < 600
    return message


@pytest.mark.parametrize(
    "content",
    [
        "", "   ", "\n\t\n", "x" * 4001, "a\x00b", "\x1b[2J", "bell\x07", "a\rb", "left\u202etfel", "\u2066x",
        "\u0085",
    ],
)  # fmt: skip
def test_a_text_that_is_empty_too_long_or_harmful(http: httpx.Client, chat: str, content: str) -> None:
    answer = http.post(f"/chat/{chat}/messages", json=ENTRY | {"content": content})
    assert "content" in assert_refused(answer, 422, "bad_field")


@pytest.mark.parametrize("user", ["", " ", "x" * 65, "a\nb", "a\u202eb", "a\u200bb"])
def test_a_name_that_deceives(http: httpx.Client, chat: str, user: str) -> None:
    answer = http.post(f"/chat/{chat}/messages", json=ENTRY | {"user_id": user})
    assert "user_id" in assert_refused(answer, 422, "bad_field")
    assert "user_id" in assert_refused(
        http.post("/chat", json={"user_id": user, "title": "t"}), 422, "bad_field"
    )
    assert_refused(http.get("/chat/list", params={"id": user}), 422, "bad_field")


@pytest.mark.parametrize("title", ["", "two\nlines", "x" * 201, "\u202e"])
def test_a_title_that_is_none(http: httpx.Client, title: str) -> None:
    assert_refused(http.post("/chat", json={"user_id": "alice", "title": title}), 422, "bad_field")


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "a/b", "ü", "'; DROP TABLE messages; --"])
def test_a_client_message_id_that_is_none(http: httpx.Client, chat: str, name: str) -> None:
    answer = http.post(f"/chat/{chat}/messages", json=ENTRY | {"client_message_id": name})
    assert "client_message_id" in assert_refused(answer, 422, "bad_field")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"user_id": "alice"}, {"content": "x"}, [], "text", 1, None,
        ENTRY | {"content": None}, ENTRY | {"content": 7}, ENTRY | {"content": ["x"]},
        ENTRY | {"user_id": {}},
    ],
)  # fmt: skip
def test_a_body_of_another_shape(http: httpx.Client, chat: str, body: Any) -> None:
    assert_refused(http.post(f"/chat/{chat}/messages", json=body), 422, "bad_field")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"not json", b'{"user_id":"alice","content":"\xff\xfe"}',
        b"\xff\xfe{\x00", b"[" * 60_000, b'{"user_id":"alice","content":"x"}}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_json(http: httpx.Client, chat: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = http.post(f"/chat/{chat}/messages", content=body, headers=headers)
    assert_refused(answer, 422 if body == b"" else 400, "bad_field" if body == b"" else "bad_json")


def test_a_half_of_a_character(http: httpx.Client, chat: str) -> None:
    body = b'{"user_id":"alice","content":"\\ud800"}'
    headers = {"content-type": "application/json"}
    answer = http.post(f"/chat/{chat}/messages", content=body, headers=headers)
    assert_refused(answer, 422, "bad_field")


@pytest.mark.parametrize("path", ["/chat", "/chat/{chat}/messages"])
def test_a_megabyte(http: httpx.Client, chat: str, path: str) -> None:
    body = ENTRY | {"title": "t", "content": "x" * 2**20}
    answer = http.post(path.format(chat=chat), json=body)
    assert_refused(answer, 413, "body_too_large")


def test_a_megabyte_in_pieces_without_a_length(http: httpx.Client, chat: str) -> None:
    pieces = (b"x" * 1024 for _ in range(1024))
    answer = http.post(f"/chat/{chat}/messages", content=pieces)
    assert_refused(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    "name",
    [
        "a'b",
        'a"b',
        "a b",
        ".hidden",
        "a\\b",
        "x" * 10_000,
        "x" * 129,
        "小明",
        "a\x00b",
        "%",
        "a;b",
        "<script>",
    ],
)
def test_an_id_that_is_none(http: httpx.Client, name: str) -> None:
    path = f"/chat/{quote(name, safe='')}"
    assert_refused(http.get(path), 422, "bad_field")
    assert_refused(http.get(f"{path}/export"), 422, "bad_field")
    assert_refused(http.post(f"{path}/messages", json=ENTRY), 422, "bad_field")


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "a%2Fb", "%2e%2e%2fchat", "..%5C..%5Cwindows"])
def test_a_path_trick(http: httpx.Client, name: str) -> None:
    for answer in (http.get(f"/chat/{name}"), http.get(f"/chat/{name}/export")):
        assert answer.status_code in (404, 422)
        assert answer.json()["error"]["code"] in ("not_found", "bad_field")


def test_a_chat_that_does_not_exist(http: httpx.Client) -> None:
    for answer in (
        http.get("/chat/no-such-chat"),
        http.get("/chat/no-such-chat/export"),
        http.post("/chat/no-such-chat/messages", json=ENTRY),
    ):
        assert "'no-such-chat'" in assert_refused(answer, 404, "not_found")


@pytest.mark.parametrize("since", ["-1", "2", "1000000000", str(2**53), str(10**30), "x", "", "1.5", "NaN"])
def test_a_since_that_is_negative_beyond_the_end_or_no_number(
    http: httpx.Client, chat: str, since: str
) -> None:
    answer = http.get(f"/chat/{chat}", params={"since": since})
    assert "since" in assert_refused(answer, 422, "bad_field")


@pytest.mark.parametrize("limit", ["0", "-1", "1001", str(10**9), str(10**30), "all"])
def test_a_limit_that_is_none(http: httpx.Client, chat: str, limit: str) -> None:
    assert "limit" in assert_refused(http.get(f"/chat/{chat}?limit={limit}"), 422, "bad_field")
    assert "limit" in assert_refused(http.get(f"/chat/list?id=alice&limit={limit}"), 422, "bad_field")


@pytest.mark.parametrize("skip", ["-1", str(10**9), "x"])
def test_a_skip_that_is_none(http: httpx.Client, skip: str) -> None:
    assert "skip" in assert_refused(http.get(f"/chat/list?id=alice&skip={skip}"), 422, "bad_field")


def test_a_form_of_export_that_does_not_exist(http: httpx.Client, chat: str) -> None:
    assert "format" in assert_refused(http.get(f"/chat/{chat}/export?format=pdf"), 422, "bad_field")


def test_a_list_of_nobody(http: httpx.Client) -> None:
    assert_refused(http.get("/chat/list"), 422, "bad_field")


def test_a_method_that_is_not_taken(http: httpx.Client, chat: str) -> None:
    for answer in (http.delete(f"/chat/{chat}"), http.put("/chat"), http.get(f"/chat/{chat}/messages")):
        assert_refused(answer, 405, "not_allowed")
        assert answer.headers["allow"]
