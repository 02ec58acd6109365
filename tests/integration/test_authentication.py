"""A server that asks for tokens: who gets in and as whom, in every way in which a token can be presented."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.support.chat_client import ChatConnection, chat_path
from tests.support.identity import Giver, asking_for_tokens, bearer
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import ChatError, ConnectionEstablished
from voicechat_common.protocol.http import ErrorBody, ErrorDetail
from voicechat_common.protocol.identity import AuthMode, Redeemed, Whoami
from voicechat_server.identity import failures
from voicechat_server.identity.keys import new_keys
from voicechat_server.identity.model import Scope
from voicechat_server.identity.tokens import token_text

Asked = tuple[LiveServer, Giver]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asking_for_tokens(tmp_path_factory.mktemp("asked")) as both:
        yield both


def told(answer: httpx.Response) -> ErrorDetail:
    return ErrorBody.model_validate_json(answer.content).error


def whoami(server: LiveServer, **request: object) -> httpx.Response:
    return httpx.get(f"{server.http}/auth/me", **request)  # type: ignore[arg-type]


def by_name(server: LiveServer, **request: object) -> str | None:
    answer = whoami(server, **request)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return Whoami.model_validate_json(answer.content).name


async def refused_handshake(address: str, **how: object) -> ErrorDetail:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await connect(address, **how)  # type: ignore[arg-type]
    assert refusal.value.response.status_code == HTTPStatus.UNAUTHORIZED
    return ErrorBody.model_validate_json(refusal.value.response.body or b"").error


def test_a_token_is_taken_from_the_header_and_from_the_address(asked: Asked) -> None:
    server, giver = asked
    token = giver.token("anna")
    assert by_name(server, headers=bearer(token)) == "anna"
    assert by_name(server, headers={"Authorization": f"bearer  {token}"}) == "anna"
    assert by_name(server, params={"token": token}) == "anna"
    other = [("Authorization", "Basic YTpi"), ("Authorization", f"Bearer {token}")]
    assert by_name(server, headers=other) == "anna"


def test_who_presents_none_is_told_how_and_learns_nothing(asked: Asked) -> None:
    server, _ = asked
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = whoami(server, headers=headers)
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert told(answer).message == failures.no_token().message


def test_what_anybody_may_know_is_told_with_any_token_and_without(asked: Asked) -> None:
    server, _ = asked
    for path in ("/", "/health", "/asr/info", "/docs", "/openapi.json", "/static-offline-docs/favicon.png"):
        for headers in ({}, bearer("rubbish")):
            assert httpx.get(server.http + path, headers=headers).status_code == HTTPStatus.OK, path
    assert httpx.get(f"{server.http}/nothing", headers=bearer("rubbish")).status_code == HTTPStatus.NOT_FOUND
    assert httpx.put(f"{server.http}/chat").status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_every_bad_token_is_refused_for_a_reason_that_only_its_owner_gets(asked: Asked) -> None:
    server, giver = asked
    issued = giver.issued("anna")
    theirs = token_text(new_keys(), issued.identity, issued.identity.expires_at - timedelta(days=1))
    strangers = [theirs, issued.text[:-9], "e30.e30.e30", "x", "x" * 7000, giver.invitation().text]
    answers = [whoami(server, headers=bearer(token)) for token in strangers]
    assert {answer.status_code for answer in answers} == {HTTPStatus.UNAUTHORIZED}
    assert {told(answer).message for answer in answers} == {failures.unknown_token().message}
    expired = giver.token("anna", lasts=timedelta(days=-1))
    assert "expired" in told(whoami(server, headers=bearer(expired))).message


def test_a_head_of_64_kib_is_refused_as_ever(asked: Asked) -> None:
    server, _ = asked
    answer = whoami(server, headers=bearer("x" * 2**16))
    assert answer.status_code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


async def test_sockets_without_a_token_are_refused_before_they_are_opened(asked: Asked) -> None:
    server, _ = asked
    for path in ("/ws", chat_path("lobby", "anna")):
        assert (await refused_handshake(server.ws + path)).message == failures.no_token().message
        bad = await refused_handshake(f"{server.ws}{path}{'&' if '?' in path else '?'}token=rubbish")
        assert bad.message == failures.unknown_token().message


@pytest.mark.parametrize("path", ["/ws", "/chatting?id=lobby"])
async def test_a_page_presents_it_as_a_subprotocol(asked: Asked, path: str) -> None:
    server, giver = asked
    token = Subprotocol(f"bearer.{giver.token('anna')}")
    own = Subprotocol("voicechat")
    async with connect(server.ws + path, subprotocols=[own, token]) as socket:
        assert socket.subprotocol == own
    async with connect(server.ws + path, subprotocols=[token, own]) as socket:
        assert socket.subprotocol == own
    async with connect(server.ws + path, subprotocols=[token]) as socket:
        assert socket.subprotocol == token


async def test_a_server_that_asks_nobody_answers_such_a_page_too(chat_server: LiveServer) -> None:
    offered = [Subprotocol("voicechat"), Subprotocol("bearer.something")]
    async with connect(f"{chat_server.ws}/chatting?id=lobby", subprotocols=offered) as socket:
        assert socket.subprotocol == "voicechat"
    async with connect(f"{chat_server.ws}/chatting?id=lobby", subprotocols=[Subprotocol("chat")]) as socket:
        assert socket.subprotocol is None


def test_a_page_may_ask_whether_it_may_send_the_header(asked: Asked) -> None:
    server, _ = asked
    asking = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    assert httpx.options(f"{server.http}/chat/list", headers=asking).status_code == HTTPStatus.OK
    answer = httpx.get(f"{server.http}/auth/me", headers={"Origin": "http://localhost:5173"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


async def test_who_talks_in_a_chat_is_who_the_token_says(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    headers = bearer(giver.token("anna"))
    async with connect(f"{server.ws}/chatting?id={chat_id}", additional_headers=headers) as socket:
        anna = ChatConnection(socket)
        assert (await anna.expect(ConnectionEstablished)).user == "anna"
        await anna.say("hello")
    async with connect(server.ws + chat_path(chat_id, "bob"), additional_headers=headers) as socket:
        error = await ChatConnection(socket).expect(ChatError)
        assert (error.code, error.fatal) == (ErrorCode.WRONG_NAME, True)
        assert error.advice == "Leave the name out, or write 'anna'."


def test_so_it_is_over_http(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    with httpx.Client(base_url=server.http, headers=bearer(giver.token("anna"))) as http:
        for path, body in (
            ("/chat", {"user_id": "bob", "title": "t"}),
            (f"/chat/{chat_id}/messages", {"user_id": "bob", "content": "hello"}),
        ):
            assert told(http.post(path, json=body)).code == ErrorCode.WRONG_NAME
        assert told(http.get("/chat/list", params={"id": "bob"})).code == ErrorCode.WRONG_NAME
        created = http.post("/chat", json={"user_id": "anna", "title": "t"}).json()
        assert created["owner"] == "anna"
        said = http.post(f"/chat/{created['chat_id']}/messages", json={"user_id": "anna", "content": "x"})
        assert said.status_code == HTTPStatus.CREATED
        listed = http.get("/chat/list", params={"id": "anna"}).json()["chat_list"]
        assert created["chat_id"] in {chat["chat_id"] for chat in listed}


async def test_an_invitation_becomes_a_token_once(asked: Asked) -> None:
    server, giver = asked
    invited = giver.invitation()

    def redeem(name: str) -> httpx.Response:
        return httpx.post(f"{server.http}/auth/redeem", json={"invitation": invited.text, "name": name})

    giver.token("dora")
    taken = redeem("Dora")
    assert (taken.status_code, told(taken).code) == (HTTPStatus.CONFLICT, ErrorCode.NAME_TAKEN)
    first = redeem("emil")
    assert first.status_code == HTTPStatus.CREATED
    redeemed = Redeemed.model_validate_json(first.content)
    assert redeemed.identity.name == "emil"
    assert redeemed.identity.scopes == ["read", "speak", "write"]
    assert by_name(server, headers=bearer(redeemed.token or "")) == "emil"
    again = redeem("fritz")
    assert (again.status_code, told(again).code) == (HTTPStatus.FORBIDDEN, ErrorCode.BAD_INVITATION)


@pytest.mark.parametrize("invitation", ["x", "e30.e30.", "x" * 6001, ""])
def test_what_is_no_invitation_becomes_nothing(asked: Asked, invitation: str) -> None:
    server, giver = asked
    for text in (invitation, giver.token("anna")):
        answer = httpx.post(f"{server.http}/auth/redeem", json={"invitation": text, "name": "gustav"})
        assert told(answer).code in (ErrorCode.BAD_INVITATION, ErrorCode.BAD_FIELD)


def test_a_server_that_asks_nobody_says_so(chat_server: LiveServer) -> None:
    answer = whoami(chat_server, headers=bearer("rubbish"))
    assert Whoami.model_validate_json(answer.content) == Whoami(auth=AuthMode.NONE)
    refused = httpx.post(f"{chat_server.http}/auth/redeem", json={"invitation": "x", "name": "anna"})
    assert told(refused).code == ErrorCode.BAD_INVITATION


async def test_a_revoked_token_closes_what_it_opened(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    issued, other = giver.issued("henri"), giver.token("ida")
    path = f"{server.ws}/chatting?id={chat_id}"
    async with (
        connect(path, additional_headers=bearer(issued.text)) as henris,
        connect(f"{server.ws}/ws", additional_headers=bearer(issued.text)) as speaking,
        connect(path, additional_headers=bearer(other)) as idas,
    ):
        await asyncio.to_thread(giver.revoke, issued.identity.token_id)
        error = await ChatConnection(henris).expect(ChatError)
        assert (error.code, error.message) == (ErrorCode.UNAUTHORIZED, "The token was revoked.")
        await henris.wait_closed()
        assert henris.close_code == 1008
        assert json.loads(await speaking.recv())["code"] == ErrorCode.UNAUTHORIZED
        await speaking.wait_closed()
        assert speaking.close_code == 1008
        ida = ChatConnection(idas)
        await ida.say("still here")
    assert told(whoami(server, headers=bearer(issued.text))).message == "The token was revoked."


async def test_a_token_that_ends_closes_what_it_opened(
    asked: Asked, chat_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, giver = asked
    authority = server.server.services.authority
    assert authority is not None
    path = f"{server.ws}/chatting?id={chat_id}"
    async with connect(path, additional_headers=bearer(giver.token("jana"))) as socket:
        jana = ChatConnection(socket)
        await jana.say("hello")
        clock = authority._clock
        monkeypatch.setattr(authority, "_clock", lambda: clock() + timedelta(days=2))
        error = await jana.expect(ChatError)
        assert error.code == ErrorCode.UNAUTHORIZED
        assert "expired" in error.message


def made_chat(server: LiveServer, giver: Giver) -> str:
    headers = bearer(giver.token("anna"))
    made = httpx.post(f"{server.http}/chat", json={"user_id": "anna", "title": "t"}, headers=headers)
    found: str = made.json()["chat_id"]
    return found


def test_a_token_for_one_chat_reaches_no_other(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    there = made_chat(server, giver)
    missing = httpx.get(f"{server.http}/chat/nowhere", headers=bearer(giver.token("anna")))
    with httpx.Client(base_url=server.http, headers=bearer(giver.token("karl", chats=[chat_id]))) as http:
        hidden = http.get(f"/chat/{there}")
        assert hidden.status_code == missing.status_code == HTTPStatus.NOT_FOUND
        assert told(hidden).message.replace(there, "nowhere") == told(missing).message
        assert told(http.get(f"/chat/{there}/export")).code == ErrorCode.NOT_FOUND
        said = http.post(f"/chat/{there}/messages", json={"user_id": "karl", "content": "x"})
        assert told(said).code == ErrorCode.NOT_FOUND
        assert told(http.post("/chat", json={"user_id": "karl", "title": "t"})).code == ErrorCode.FORBIDDEN


async def test_nor_do_its_sockets(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    there = made_chat(server, giver)
    guest = bearer(giver.token("karl", chats=[chat_id]))
    async with connect(f"{server.ws}/chatting?id={there}", additional_headers=guest) as socket:
        assert (await ChatConnection(socket).expect(ChatError)).code == ErrorCode.NOT_FOUND
    async with connect(f"{server.ws}/chatting?id={chat_id}", additional_headers=guest) as socket:
        karl = ChatConnection(socket)
        await karl.say("here I am")


def test_no_secret_is_in_the_metrics(asked: Asked) -> None:
    server, giver = asked
    admin = bearer(giver.token("root", [Scope.ADMIN]))
    token = giver.token("anna")
    whoami(server, params={"token": token})
    told_of = httpx.get(f"{server.http}/metrics", headers=admin)
    assert told_of.status_code == HTTPStatus.OK
    assert token.rpartition(".")[2] not in told_of.text
    assert "eyJ" not in told_of.text


def test_the_keys_are_made_and_kept(tmp_path: Path) -> None:
    with asking_for_tokens(tmp_path) as (server, giver):
        token = giver.token("anna")
        assert by_name(server, headers=bearer(token)) == "anna"
    with asking_for_tokens(tmp_path) as (server, _):
        assert by_name(server, headers=bearer(token)) == "anna"
    other = tmp_path / "other"
    other.mkdir()
    with asking_for_tokens(other) as (server, _):
        assert told(whoami(server, headers=bearer(token))).message == failures.unknown_token().message
