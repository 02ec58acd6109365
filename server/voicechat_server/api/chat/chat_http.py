"""The HTTP calls of chats, for scripts, bots and anything without a WebSocket."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from io import StringIO
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from voicechat_common.names import ChatId, UserName
from voicechat_common.protocol.chat_http import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    ChatDetail,
    ChatList,
    CreateChat,
    ExportFormat,
    PostedMessage,
    PostMessage,
)
from voicechat_common.protocol.http import ErrorBody
from voicechat_server.api.callers import CallerDep
from voicechat_server.api.services import ServicesDep
from voicechat_server.api.source import source_of
from voicechat_server.chat import failures
from voicechat_server.chat.export import EXPORTERS
from voicechat_server.chat.live import wire
from voicechat_server.identity.access import Action

_OPENING_CHARACTERS = 64 * 1024
"""How much of a file to read before answering with success."""

MAX_SKIP = 1_000_000
MAX_SEQ = 2**53 - 1
"""The largest seq that every JSON parser represents exactly."""

ChatIdPath = Annotated[ChatId, Path(description="Which chat.", examples=["test_chat_001"])]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The most that is answered.")]

router = APIRouter(
    prefix="/chat",
    tags=["chat"],
    responses={
        422: {"model": ErrorBody, "description": "A field can't be used: the body says which and why."},
        503: {"model": ErrorBody, "description": "The chat database failed, or too much waits for it."},
    },
)

Responses = dict[int | str, dict[str, Any]]
UNKNOWN: Responses = {404: {"model": ErrorBody, "description": "There is no such chat."}}
BODY: Responses = {
    400: {"model": ErrorBody, "description": "The body is not JSON."},
    413: {"model": ErrorBody, "description": "The body is too large."},
}


@router.get("/list", summary="The chats a person takes part in", response_model=ChatList)
async def list_chats(
    services: ServicesDep,
    caller: CallerDep,
    id: Annotated[UserName, Query(description="Who.", examples=["alice"])],  # noqa: A002 - the protocol's
    skip: Annotated[int, Query(ge=0, le=MAX_SKIP, description="How many of the newest to leave out.")] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """The newest chat first, each with its last message. Somebody unknown takes part in none."""
    if not caller.is_admin:
        caller.name(id)
    limited_to = None if caller.identity is None else caller.identity.chats
    async with services.long_answers:
        found = await services.chat.store.chats_of(
            id, skip=skip, limit=limit, only=limited_to, with_private=caller.identity is not None
        )
        return _json(ChatList(user_id=id, chat_list=[wire.summary(chat, last) for chat, last in found]))


@router.post(
    "",
    summary="Create a chat",
    status_code=HTTPStatus.CREATED,
    responses=BODY
    | {
        403: {
            "model": ErrorBody,
            "description": "The token, or the server, doesn't allow it.",
        }
    },
)
async def create_chat(
    services: ServicesDep, caller: CallerDep, body: CreateChat, request: Request, response: Response
) -> ChatDetail:
    """Creates a chat that `user_id` owns and may end."""
    owner = caller.named(body.user_id)
    caller.check_privacy(is_private=body.is_private)
    source = caller.source(source_of(request))
    chat = await services.chat.create(owner, body.title, source, is_private=body.is_private)
    response.headers["Location"] = f"{request.scope['root_path']}/chat/{chat.chat_id}"
    return wire.detail(chat, [owner], [])


@router.get(
    "/{chat_id}",
    summary="A chat and a page of its messages",
    response_model=ChatDetail,
    responses=UNKNOWN,
)
async def read_chat(
    services: ServicesDep,
    caller: CallerDep,
    chat_id: ChatIdPath,
    since: Annotated[
        int, Query(ge=0, le=MAX_SEQ, description="The seq of the last message you have; 0 for none.")
    ] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Messages after `since`, in order. There are more where the last one's seq is not `message_count`."""
    await caller.check_in(chat_id, Action.READ)
    chat = await services.chat.chat(chat_id)
    if since > chat.last_seq:
        raise failures.beyond_the_end(chat_id, since, chat.last_seq)
    async with services.long_answers:
        people = await services.chat.store.participants(chat_id, limit=MAX_LIMIT)
        return _json(wire.detail(chat, people, list(await services.chat.page(chat_id, since, limit))))


@router.post(
    "/{chat_id}/messages",
    summary="Say something",
    status_code=HTTPStatus.CREATED,
    responses=UNKNOWN
    | BODY
    | {
        200: {"model": PostedMessage, "description": "It was said before: the answer of the first time."},
        409: {
            "model": ErrorBody,
            "description": "The chat has ended, or the `client_message_id` names another text already.",
        },
    },
)
async def post_message(
    services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath, body: PostMessage, response: Response
) -> PostedMessage:
    """Answered once the message is durable. Sent again with its `client_message_id`, it is stored once."""
    await caller.check_in(chat_id, Action.POST)
    outcome = await services.chat.post(
        chat_id, caller.named(body.user_id), body.content, body.client_message_id
    )
    message = outcome.message
    if message is None:
        raise TypeError("a post without a message")
    if not outcome.is_new:
        response.status_code = HTTPStatus.OK
    return PostedMessage(
        message_id=message.message_id,
        seq=message.seq,
        client_message_id=message.client_message_id,
        timestamp=message.timestamp,
    )


@router.get(
    "/{chat_id}/export",
    summary="The conversation as a file",
    response_class=Response,
    responses=UNKNOWN
    | {
        200: {
            "description": "The file.",
            "content": {exporter.media_type: {} for exporter in EXPORTERS.values()},
        }
    },
)
async def export_chat(
    services: ServicesDep,
    caller: CallerDep,
    chat_id: ChatIdPath,
    format: Annotated[ExportFormat, Query(description="The form of the file.")] = ExportFormat.TXT,  # noqa: A002
) -> StreamingResponse:
    """As text, Markdown, subtitles of what was spoken, or JSON."""
    await caller.check_in(chat_id, Action.EXPORT)
    chat = await services.chat.chat(chat_id)
    exporter = EXPORTERS[format]
    return StreamingResponse(
        await _begun(exporter.export(services.chat.store, chat)),
        media_type=exporter.media_type,
        headers={"Content-Disposition": f'attachment; filename="{chat_id}.{format.value}"'},
    )


def _json(answer: ChatList | ChatDetail) -> Response:
    """Return an answer as a body; FastAPI would validate all of a long one again."""
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


async def _begun(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Read the start of a file, while a failure can still be the answer; return all of it."""
    opening = StringIO()
    async for piece in pieces:
        opening.write(piece)
        if opening.tell() >= _OPENING_CHARACTERS:
            break

    async def whole() -> AsyncIterator[str]:
        yield opening.getvalue()
        async for piece in pieces:
            yield piece

    return whole()
