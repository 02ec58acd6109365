"""The HTTP calls of chats, over a real socket."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx
import pytest

from tests.support.chat_client import in_chat
from tests.support.server import LiveServer
from voicechat_common.protocol.chat import ChatEnded, EndChat


@pytest.fixture
def http(chat_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=chat_server.http) as client:
        yield client


def create(http: httpx.Client, user: str = "alice", title: str = "Monday meeting") -> str:
    answer = http.post("/chat", json={"user_id": user, "title": title})
    assert answer.status_code == 201, answer.text
    chat_id: str = answer.json()["chat_id"]
    return chat_id


def post(http: httpx.Client, chat_id: str, content: str, user: str = "alice", **more: str) -> httpx.Response:
    body = {"user_id": user, "content": content, **more}
    return http.post(f"/chat/{chat_id}/messages", json=body)


def contents(chat: httpx.Response) -> list[str]:
    return [message["content"] for message in chat.json()["messages"]]


def test_a_chat_is_created_with_its_owner_and_title(http: httpx.Client) -> None:
    before = http.get("/health").json()["total_chats"]
    answer = http.post("/chat", json={"user_id": "小明", "title": "周一例会"})
    assert answer.status_code == 201
    chat = answer.json()
    assert answer.headers["location"] == f"/chat/{chat['chat_id']}"
    assert (chat["owner"], chat["title"], chat["status"]) == ("小明", "周一例会", "active")
    assert (chat["participants"], chat["messages"], chat["message_count"]) == (["小明"], [], 0)
    assert chat["ended_at"] is None
    assert datetime.fromisoformat(chat["created_at"]).utcoffset() is not None
    assert http.get(answer.headers["location"]).json() == chat
    assert http.get("/health").json()["total_chats"] == before + 1


def test_messages_are_stored_in_order_with_who_said_them(http: httpx.Client) -> None:
    chat_id = create(http)
    answers = [
        post(http, chat_id, "one"),
        post(http, chat_id, "two\n\tlines", "bob"),
        post(http, chat_id, "😀"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [answer.json()["seq"] for answer in answers] == [1, 2, 3]
    chat = http.get(f"/chat/{chat_id}").json()
    assert [(each["seq"], each["speaker"], each["kind"], each["content"]) for each in chat["messages"]] == [
        (1, "alice", "text", "one"),
        (2, "bob", "text", "two\n\tlines"),
        (3, "alice", "text", "😀"),
    ]
    assert [each["id"] for each in chat["messages"]] == [each.json()["message_id"] for each in answers]
    assert (chat["message_count"], chat["participants"]) == (3, ["alice", "bob"])


def test_a_page_is_what_follows_since_and_no_more_than_limit(http: httpx.Client) -> None:
    chat_id = create(http)
    for number in range(1, 8):
        post(http, chat_id, str(number))
    page = http.get(f"/chat/{chat_id}", params={"since": 2, "limit": 3})
    assert contents(page) == ["3", "4", "5"]
    assert page.json()["message_count"] == 7
    assert contents(http.get(f"/chat/{chat_id}", params={"since": 5})) == ["6", "7"]
    assert contents(http.get(f"/chat/{chat_id}", params={"since": 7})) == []
    assert contents(http.get(f"/chat/{chat_id}", params={"limit": 1})) == ["1"]


def test_the_list_has_the_chats_of_a_person_the_newest_first(http: httpx.Client) -> None:
    first, second, others = create(http, "carol"), create(http, "dave"), create(http, "erin")
    post(http, second, "hello from carol", "carol")
    body = http.get("/chat/list", params={"id": "carol"}).json()
    assert body["user_id"] == "carol"
    assert [chat["chat_id"] for chat in body["chat_list"]] == [second, first]
    newest, oldest = body["chat_list"]
    assert (newest["message_count"], newest["last_message"]["content"]) == (1, "hello from carol")
    assert (oldest["message_count"], oldest["last_message"]) == (0, None)
    assert others not in str(body)
    paged = http.get("/chat/list", params={"id": "carol", "skip": 1, "limit": 1}).json()
    assert [chat["chat_id"] for chat in paged["chat_list"]] == [first]


def test_somebody_unknown_has_no_chats(http: httpx.Client) -> None:
    answer = http.get("/chat/list", params={"id": "nobody"})
    assert (answer.status_code, answer.json()) == (200, {"user_id": "nobody", "chat_list": []})


def test_the_same_client_message_id_again_stores_nothing_and_answers_the_same(http: httpx.Client) -> None:
    chat_id = create(http)
    first = post(http, chat_id, "once", client_message_id="m-1")
    again = post(http, chat_id, "once", client_message_id="m-1")
    others = post(http, chat_id, "bob's own", "bob", client_message_id="m-1")
    assert (first.status_code, again.status_code, others.status_code) == (201, 200, 201)
    assert again.json() == first.json()
    assert first.json()["client_message_id"] == "m-1"
    assert contents(http.get(f"/chat/{chat_id}")) == ["once", "bob's own"]


def test_what_the_server_makes_the_same_of_two_texts_is_the_same(http: httpx.Client) -> None:
    chat_id = create(http)
    first = post(http, chat_id, "two\r\nlines", "Jose\u0301", client_message_id="m-1")
    again = post(http, chat_id, "two\nlines", "Jos\u00e9", client_message_id="m-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_another_text_under_a_name_in_use_is_a_conflict_and_can_be_sent_under_another(
    http: httpx.Client,
) -> None:
    chat_id = create(http)
    post(http, chat_id, "first run", client_message_id="1")
    refused = post(http, chat_id, "second run", client_message_id="1")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (409, "id_taken")
    assert "'1'" in error["message"]
    assert "never used" in error["advice"]
    assert post(http, chat_id, "second run", client_message_id="2").status_code == 201
    assert contents(http.get(f"/chat/{chat_id}")) == ["first run", "second run"]


def test_different_texts_under_one_name_at_once_are_one_message_and_conflicts(http: httpx.Client) -> None:
    chat_id = create(http)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda n: post(http, chat_id, f"{n}", client_message_id="m"), range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert len(contents(http.get(f"/chat/{chat_id}"))) == 1


def test_the_same_client_message_id_ten_times_at_once_is_one_message(http: httpx.Client) -> None:
    chat_id = create(http)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: post(http, chat_id, "once", client_message_id="m-1"), range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert contents(http.get(f"/chat/{chat_id}")) == ["once"]


async def test_what_is_posted_reaches_who_is_connected(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        async with httpx.AsyncClient(base_url=chat_server.http) as http:
            body = {"user_id": "bot", "content": "beep"}
            (await http.post(f"/chat/{chat_id}/messages", json=body)).raise_for_status()
        assert await alice.texts(1) == ["beep"]


async def test_a_chat_that_ended_refuses_messages_and_can_be_read(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("the last word", "last")
        await alice.send(EndChat())
        await alice.expect(ChatEnded)
    async with httpx.AsyncClient(base_url=chat_server.http) as http:
        path = f"/chat/{chat_id}/messages"
        refused = await http.post(path, json={"user_id": "bob", "content": "too late"})
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (409, "chat_ended")
        assert "ended by 'alice'" in error["message"]
        assert error["advice"]
        repeated = await http.post(
            path, json={"user_id": "alice", "content": "the last word", "client_message_id": "last"}
        )
        assert (repeated.status_code, repeated.json()["seq"]) == (200, 1)
        chat = (await http.get(f"/chat/{chat_id}")).json()
        assert (chat["status"], chat["message_count"]) == ("ended", 1)
        assert datetime.fromisoformat(chat["ended_at"]).utcoffset() is not None
        listed = (await http.get("/chat/list", params={"id": "alice"})).json()["chat_list"]
        assert [each["status"] for each in listed if each["chat_id"] == chat_id] == ["ended"]


@pytest.mark.parametrize(
    ("form", "media_type", "expected"),
    [
        ("txt", "text/plain; charset=utf-8", "alice: 你好 *all*\n"),
        ("md", "text/markdown; charset=utf-8", "> 你好 \\*all\\*  \n"),
        ("srt", "application/x-subrip; charset=utf-8", ""),
        ("json", "application/json", '"content": "你好 *all*"'),
    ],
)
def test_a_chat_is_exported_as_a_file(http: httpx.Client, form: str, media_type: str, expected: str) -> None:
    chat_id = create(http)
    post(http, chat_id, "你好 *all*")
    answer = http.get(f"/chat/{chat_id}/export", params={"format": form})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-disposition"] == f'attachment; filename="{chat_id}.{form}"'
    assert expected in answer.text
    assert bool(answer.text) == (form != "srt"), "what was typed is in no subtitles"
    if form == "json":
        exported = json.loads(answer.text)
        assert exported == http.get(f"/chat/{chat_id}").json()


def test_the_examples_of_the_documentation_work_as_pasted(http: httpx.Client) -> None:
    schemas = http.get("/openapi.json").json()["components"]["schemas"]
    (body,) = schemas["CreateChat"]["examples"]
    chat_id = http.post("/chat", json=body).raise_for_status().json()["chat_id"]
    (message,) = schemas["PostMessage"]["examples"]
    http.post(f"/chat/{chat_id}/messages", json=message).raise_for_status()
    assert contents(http.get(f"/chat/{chat_id}")) == [message["content"]]


def test_sql_is_only_text(http: httpx.Client) -> None:
    attack = "Robert'); DROP TABLE messages; --"
    created = http.post("/chat", json={"user_id": attack, "title": attack}).raise_for_status()
    chat_id = created.json()["chat_id"]
    entry = {"user_id": attack, "content": attack}
    http.post(f"/chat/{chat_id}/messages", json=entry).raise_for_status()
    (message,) = http.get(f"/chat/{chat_id}").json()["messages"]
    assert (message["speaker"], message["content"]) == (attack, attack)
    assert len(http.get("/chat/list", params={"id": attack}).json()["chat_list"]) == 1
