"""Every role tries every route and every message, and gets what the table says it may have, and nothing else.

The table itself is compared with docs/identity.md in tests/e2e/test_identity_docs.py.
"""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import get_args
from uuid import uuid4

import httpx
import pytest
import websockets
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.asyncio.client import connect

from tests.support.chat_client import ChatConnection
from tests.support.identity import MEMBERS, ROLES, Giver, asking_for_tokens, bearer
from tests.support.server import LiveServer, demo_settings
from tests.support.speech_client import SpeechClient
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import (
    ChatClientMessage,
    ChatEnded,
    ChatError,
    EndChat,
    MessageAck,
    SendMessage,
    Typing,
)
from voicechat_common.protocol.http import ErrorBody
from voicechat_common.protocol.speech import ClientMessage, Error, Flush, Ping, Pong, Start, Stop
from voicechat_server.api.actions import CHAT_MESSAGES, ROUTES, SOCKET, SPEECH_MESSAGES
from voicechat_server.api.app import create_app, routes_of
from voicechat_server.identity.access import RULES, Action, ChatFacts, refusal
from voicechat_server.identity.model import Identity

ASKING = ["stranger", *ROLES]
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
HTTP_ROUTES = [route for route in ROUTES if route[0] != SOCKET]


class Stage:
    """A server with one person for each role.

    Args:
        server: The server.
        giver: Gives out tokens for it.
    """

    def __init__(self, server: LiveServer, giver: Giver) -> None:
        self.server = server
        issued = {role: giver.issued(role, scopes) for role, scopes in ROLES.items()}
        self.identities: dict[str, Identity] = {role: each.identity for role, each in issued.items()}
        self.headers = {role: bearer(each.text) for role, each in issued.items()} | {"stranger": {}}
        self.invitation = giver.invitation(uses=None).text
        self.chat_invitation = giver.invitation(uses=None, chats=["elsewhere"]).text

    def chat(self) -> str:
        """A new private chat of the owner."""
        with httpx.Client(base_url=self.server.http, headers=self.headers["owner"]) as http:
            made = http.post("/chat", json={"user_id": "owner", "title": "t", "is_private": True})
            chat_id: str = made.json()["chat_id"]
            for member in MEMBERS:
                http.post(f"/chat/{chat_id}/members/add", json={"user_id": member}).raise_for_status()
        return chat_id

    def may(self, role: str, action: Action) -> bool:
        """Whether the table lets a role do something in a private chat of the owner."""
        chat = (
            None
            if RULES[action].standing is None
            else ChatFacts("c", "owner", is_private=True, is_member=role in MEMBERS)
        )
        return refusal(self.identities.get(role), action, chat) is None


async def refused_handshake(address: str, headers: dict[str, str]) -> str:
    """What a handshake is refused with."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(address, additional_headers=headers)
    assert refused.value.response.status_code in REFUSED
    return ErrorBody.model_validate_json(refused.value.response.body or b"").error.message


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with asking_for_tokens(tmp_path_factory.mktemp("stage")) as (server, giver):
        yield Stage(server, giver)


def test_every_route_has_a_row() -> None:
    found = set()
    for route in routes_of(create_app(demo_settings(auth="token"))):
        if isinstance(route, WebSocketRoute):
            found.add((SOCKET, route.path))
        elif isinstance(route, Route):
            found |= {(method, route.path) for method in route.methods or ()}
        else:
            assert isinstance(route, Mount)
            assert route.path == "/static-offline-docs"
    assert found == set(ROUTES)


def test_every_message_has_a_row() -> None:
    assert set(CHAT_MESSAGES) == set(get_args(ChatClientMessage))
    assert set(SPEECH_MESSAGES) == set(get_args(ClientMessage))


def test_every_action_can_be_done_somehow() -> None:
    beside = {Action.SPEAK, Action.RESUME}
    done = {*ROUTES.values(), *CHAT_MESSAGES.values(), *SPEECH_MESSAGES.values()}
    assert done | beside == set(Action) == set(RULES)


@pytest.mark.parametrize("role", ASKING)
@pytest.mark.parametrize(("method", "path"), HTTP_ROUTES, ids=[" ".join(route) for route in HTTP_ROUTES])
def test_a_call_is_answered_for_whom_it_is(stage: Stage, role: str, method: str, path: str) -> None:
    body = {
        "/chat": {"user_id": role, "title": "t"},
        "/chat/{chat_id}/messages": {"user_id": role, "content": "hello"},
        "/chat/{chat_id}/members/add": {"user_id": "reader"},
        "/chat/{chat_id}/members/remove": {"user_id": "reader"},
        "/chat/{chat_id}/owner": {"user_id": "writer"},
        "/chat/{chat_id}/invitations": {},
        "/auth/redeem": {"invitation": stage.invitation, "name": f"newcomer {uuid4().hex}"},
    }
    if role != "stranger" and path == "/auth/redeem":
        body[path] = {"invitation": stage.chat_invitation}
    answer = httpx.request(
        method,
        stage.server.http + path.format(chat_id=stage.chat()),
        json=body.get(path),
        params={"id": role} if path == "/chat/list" else None,
        headers=stage.headers[role],
    )
    if path == "/ready":
        # The recogniser of this server never gets ready, which is an answer too.
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        return
    if stage.may(role, ROUTES[method, path]):
        assert answer.is_success, answer.text
    else:
        assert answer.status_code in REFUSED, answer.text


@pytest.mark.parametrize("role", ASKING)
@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == SOCKET])
async def test_a_socket_opens_for_whom_it_is(stage: Stage, role: str, path: str) -> None:
    address = f"{stage.server.ws}{path}?id={stage.chat()}"
    if not stage.may(role, ROUTES[SOCKET, path]):
        if role == "outsider":
            # What chat it is about is looked at once the socket is open.
            async with connect(address, additional_headers=stage.headers[role]) as socket:
                assert (await ChatConnection(socket).expect(ChatError)).code == ErrorCode.NOT_FOUND
            return
        await refused_handshake(address, stage.headers[role])
        return
    async with connect(address, additional_headers=stage.headers[role]) as socket:
        await socket.send('{"type":"ping","id":1}')
        while json.loads(await socket.recv())["type"] != "pong":
            pass


@pytest.mark.parametrize("role", [role for role in ROLES if role != "outsider"])
@pytest.mark.parametrize("kind", list(CHAT_MESSAGES), ids=lambda kind: kind.__name__)
async def test_a_message_is_taken_from_whom_it_may_come(stage: Stage, role: str, kind: type) -> None:
    messages: dict[type, tuple[ChatClientMessage, type[MessageAck | Pong | ChatEnded]]] = {
        SendMessage: (SendMessage(content="hello"), MessageAck),
        Typing: (Typing(), Pong),
        Ping: (Ping(id=1), Pong),
        EndChat: (EndChat(), ChatEnded),
    }
    message, answer = messages[kind]
    async with connect(
        f"{stage.server.ws}/chatting?id={stage.chat()}", additional_headers=stage.headers[role]
    ) as socket:
        chat = ChatConnection(socket)
        await chat.send(message, Ping(id=2))
        if stage.may(role, CHAT_MESSAGES[kind]):
            await chat.expect(answer)
        else:
            error = await chat.expect(ChatError)
            assert error.code in (ErrorCode.FORBIDDEN, ErrorCode.NOT_OWNER)
            assert not error.fatal
            assert (await chat.expect(Pong)).id == 2


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize("action", [Action.TRANSCRIBE, Action.SPEAK, Action.RESUME])
async def test_a_stream_is_opened_for_whom_it_may_be(stage: Stage, role: str, action: Action) -> None:
    start = {
        Action.TRANSCRIBE: Start(),
        Action.SPEAK: Start(chat_id=stage.chat()),
        Action.RESUME: Start(stream_id="0" * 32),
    }[action]
    # What may be done fails only because this server recognises nothing.
    done = {Action.RESUME: ErrorCode.UNKNOWN_STREAM}.get(action, ErrorCode.NOT_READY)
    if role == "outsider" and action is Action.SPEAK:
        done = ErrorCode.NOT_FOUND
    elif not stage.may(role, action):
        assert "'speak'" in await refused_handshake(f"{stage.server.ws}/ws", stage.headers[role])
        return
    async with connect(f"{stage.server.ws}/ws", additional_headers=stage.headers[role]) as socket:
        client = SpeechClient(socket)
        await client.send(start)
        assert (await client.expect(Error)).code == done


async def test_speech_is_that_of_the_token_whatever_it_says(stage: Stage) -> None:
    async with connect(f"{stage.server.ws}/ws", additional_headers=stage.headers["speaker"]) as socket:
        client = SpeechClient(socket)
        await client.send(Start(user="owner"), Flush(), Stop())
        assert (await client.expect(Error)).code == ErrorCode.WRONG_NAME
