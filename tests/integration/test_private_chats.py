"""Private chats: who sees them, who comes in and goes, and that to anybody else they don't exist."""

import asyncio
import sqlite3
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.chat_client import ChatConnection
from tests.support.chat_server import chat_serving
from tests.support.identity import Giver, asking_for_tokens, bearer
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import ChatError, ConnectionEstablished
from voicechat_common.protocol.chat_http import ChatDetail, ChatInvitation, ChatList, Members
from voicechat_common.protocol.http import ErrorBody
from voicechat_common.protocol.identity import Redeemed
from voicechat_server.identity.model import Scope

PEOPLE = ("anna", "bob", "carl")


class Town:
    """A server and some people with tokens.

    Attributes:
        server: The server.
        http: A client for each of them.
        headers: What presents their tokens.
    """

    def __init__(self, server: LiveServer, giver: Giver) -> None:
        self.server = server
        self.giver = giver
        self.headers = {name: bearer(giver.token(name)) for name in PEOPLE}
        self.headers["root"] = bearer(giver.token("root", [Scope.ADMIN]))

    def ask(self, who: str, method: str, path: str, **request: object) -> httpx.Response:
        """An answer to somebody."""
        headers = self.headers[who]
        return httpx.request(method, self.server.http + path, headers=headers, **request)  # type: ignore[arg-type]

    def chat(self, owner: str = "anna") -> str:
        """A new private chat."""
        made = self.ask(owner, "POST", "/chat", json={"user_id": owner, "title": "t", "is_private": True})
        detail = ChatDetail.model_validate_json(made.content)
        assert detail.is_private
        return detail.chat_id

    def add(self, chat_id: str, user: str, by: str = "anna") -> httpx.Response:
        """Have somebody made a member."""
        return self.ask(by, "POST", f"/chat/{chat_id}/members/add", json={"user_id": user})

    def sees(self, who: str, chat_id: str) -> bool:
        """Whether a chat is there for somebody."""
        answer = self.ask(who, "GET", f"/chat/{chat_id}")
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        return answer.is_success


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with asking_for_tokens(tmp_path_factory.mktemp("town")) as (server, giver):
        yield Town(server, giver)


def code_of(answer: httpx.Response) -> str:
    return ErrorBody.model_validate_json(answer.content).error.code


def listed(town: Town, who: str) -> set[str]:
    answer = town.ask(who, "GET", "/chat/list", params={"id": who, "limit": 1000})
    return {chat.chat_id for chat in ChatList.model_validate_json(answer.content).chat_list}


def test_only_members_see_it(town: Town) -> None:
    chat_id = town.chat()
    assert [town.sees(who, chat_id) for who in ("anna", "bob", "root")] == [True, False, True]
    answer = town.add(chat_id, "bob")
    assert Members.model_validate_json(answer.content) == Members(owner="anna", members=["bob"])
    assert town.add(chat_id, "bob").json() == answer.json()
    assert [town.sees(who, chat_id) for who in ("bob", "carl")] == [True, False]


def test_to_others_it_is_as_if_it_were_not_there(town: Town) -> None:
    chat_id = town.chat()
    for method, path, body in (
        ("GET", "/chat/{}", None),
        ("GET", "/chat/{}/export", None),
        ("GET", "/chat/{}/members", None),
        ("POST", "/chat/{}/messages", {"user_id": "bob", "content": "x"}),
        ("POST", "/chat/{}/members/add", {"user_id": "bob"}),
        ("POST", "/chat/{}/members/remove", {"user_id": "bob"}),
        ("POST", "/chat/{}/owner", {"user_id": "bob"}),
        ("POST", "/chat/{}/invitations", {}),
    ):
        hidden = town.ask("bob", method, path.format(chat_id), json=body)
        missing = town.ask("bob", method, path.format("nowhere"), json=body)
        assert hidden.status_code == missing.status_code == HTTPStatus.NOT_FOUND, path
        assert hidden.text.replace(chat_id, "nowhere") == missing.text


def test_a_list_has_it_only_as_long_as_one_is_a_member(town: Town) -> None:
    chat_id = town.chat()
    town.add(chat_id, "bob")
    said = town.ask("bob", "POST", f"/chat/{chat_id}/messages", json={"user_id": "bob", "content": "hi"})
    assert said.status_code == HTTPStatus.CREATED
    assert chat_id in listed(town, "bob")
    removed = town.ask("anna", "POST", f"/chat/{chat_id}/members/remove", json={"user_id": "bob"})
    assert Members.model_validate_json(removed.content).members == []
    assert chat_id not in listed(town, "bob")
    assert chat_id in listed(town, "anna")


def test_only_people_with_a_token_become_members(town: Town) -> None:
    answer = town.add(town.chat(), "zoe")
    assert (answer.status_code, code_of(answer)) == (HTTPStatus.NOT_FOUND, ErrorCode.NOT_FOUND)


async def test_who_is_removed_is_out_at_once(town: Town) -> None:
    chat_id = town.chat()
    town.add(chat_id, "bob")
    town.add(chat_id, "carl")
    path = f"{town.server.ws}/chatting?id={chat_id}"
    async with (
        connect(path, additional_headers=town.headers["bob"]) as bobs,
        connect(path, additional_headers=town.headers["carl"]) as carls,
    ):
        bob, carl = ChatConnection(bobs), ChatConnection(carls)
        assert (await bob.expect(ConnectionEstablished)).is_private
        await asyncio.to_thread(
            town.ask, "anna", "POST", f"/chat/{chat_id}/members/remove", json={"user_id": "bob"}
        )
        assert (await bob.expect(ChatError)).code == ErrorCode.NOT_FOUND
        await bobs.wait_closed()
        await carl.say("still here")
    async with connect(path, additional_headers=town.headers["bob"]) as again:
        assert (await ChatConnection(again).expect(ChatError)).code == ErrorCode.NOT_FOUND


async def test_one_is_created_by_connecting(town: Town, chat_id: str) -> None:
    path = f"{town.server.ws}/chatting?id={chat_id}&is_private=true"
    async with connect(path, additional_headers=town.headers["anna"]) as socket:
        established = await ChatConnection(socket).expect(ConnectionEstablished)
    assert (established.owner, established.is_private) == ("anna", True)
    assert not town.sees("bob", chat_id)


def test_it_is_handed_over(town: Town) -> None:
    chat_id = town.chat()
    assert code_of(town.ask("root", "POST", f"/chat/{chat_id}/owner", json={"user_id": "zoe"})) == "not_found"
    handed = town.ask("anna", "POST", f"/chat/{chat_id}/owner", json={"user_id": "bob"})
    assert Members.model_validate_json(handed.content) == Members(owner="bob", members=["anna"])
    assert code_of(town.add(chat_id, "carl", by="anna")) == ErrorCode.NOT_OWNER
    assert town.add(chat_id, "carl", by="bob").is_success
    assert town.sees("anna", chat_id)


def test_its_owner_invites_people_without_a_token(town: Town) -> None:
    chat_id = town.chat()
    made = town.ask("anna", "POST", f"/chat/{chat_id}/invitations", json={})
    invitation = ChatInvitation.model_validate_json(made.content).invitation
    body = {"invitation": invitation, "name": "dora"}
    redeemed = Redeemed.model_validate_json(httpx.post(f"{town.server.http}/auth/redeem", json=body).content)
    assert redeemed.token is not None
    assert redeemed.identity.chats == [chat_id]
    guest = bearer(redeemed.token)
    assert httpx.get(f"{town.server.http}/chat/{chat_id}", headers=guest).is_success
    assert not httpx.get(f"{town.server.http}/chat/{town.chat()}", headers=guest).is_success
    again = httpx.post(f"{town.server.http}/auth/redeem", json=body | {"name": "emil"})
    assert code_of(again) == ErrorCode.BAD_INVITATION


def test_and_people_with_one_who_stay_who_they_are(town: Town) -> None:
    chat_id = town.chat()
    made = town.ask("anna", "POST", f"/chat/{chat_id}/invitations", json={"many": True})
    body = {"invitation": ChatInvitation.model_validate_json(made.content).invitation}
    joined = Redeemed.model_validate_json(town.ask("bob", "POST", "/auth/redeem", json=body).content)
    assert joined.token is None
    assert joined.identity.name == "bob"
    assert town.sees("bob", chat_id)
    assert code_of(town.ask("carl", "POST", "/auth/redeem", json=body | {"name": "bob"})) == "wrong_name"
    assert code_of(httpx.post(f"{town.server.http}/auth/redeem", json=body)) == ErrorCode.BAD_FIELD
    open_to_all = {"invitation": town.giver.invitation().text}
    assert code_of(town.ask("carl", "POST", "/auth/redeem", json=open_to_all)) == ErrorCode.BAD_INVITATION


def test_a_server_that_asks_nobody_shows_it_to_nobody_and_makes_none(tmp_path: Path) -> None:
    with asking_for_tokens(tmp_path) as (server, giver):
        chat_id = Town(server, giver).chat()
    with chat_serving(tmp_path / "chats.db") as server:
        for path in (f"/chat/{chat_id}", f"/chat/{chat_id}/export", f"/chat/{chat_id}/members"):
            assert httpx.get(server.http + path).status_code == HTTPStatus.NOT_FOUND
        said = httpx.post(f"{server.http}/chat/{chat_id}/messages", json={"user_id": "anna", "content": "x"})
        assert said.status_code == HTTPStatus.NOT_FOUND
        assert httpx.get(f"{server.http}/chat/list", params={"id": "anna"}).json()["chat_list"] == []
        body = {"user_id": "anna", "title": "t", "is_private": True}
        made = httpx.post(f"{server.http}/chat", json=body)
        assert (made.status_code, code_of(made)) == (HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN)


def test_chats_of_yesterday_are_open(tmp_path: Path) -> None:
    with chat_serving(tmp_path / "chats.db") as server:
        made = httpx.post(f"{server.http}/chat", json={"user_id": "anna", "title": "t"}).json()
        assert made["is_private"] is False
    with sqlite3.connect(tmp_path / "chats.db") as connection:
        assert connection.execute("SELECT is_private FROM chats").fetchall() == [(0,)]
    with asking_for_tokens(tmp_path) as (server, giver):
        town = Town(server, giver)
        assert town.sees("bob", made["chat_id"])
        assert made["chat_id"] in listed(town, "anna")
