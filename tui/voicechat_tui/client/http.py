"""The server's HTTP calls, typed."""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.protocol.chat_http import (
    DEFAULT_LIMIT,
    ChatDetail,
    ChatList,
    CreateChat,
    ExportFormat,
    HistoryMessage,
    PostedMessage,
    PostMessage,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.http import AsrInfo, ErrorBody, Health, Readiness, ServerInfo
from voicechat_tui.client import failures
from voicechat_tui.client.address import no_address, server_url
from voicechat_tui.client.connect import is_this_machine
from voicechat_tui.language import _

TIMEOUT_S = 10.0
"""The longest a call may keep silent."""

BodyT = TypeVar("BodyT", bound=BaseModel)
Query = Mapping[str, str | int]


class HttpClient:
    """Calls of one server. An async context manager; every call may raise a VoicechatError.

    `server_unreachable` and `protocol_mismatch` tell of the connection; any other code is the server's own.

    Args:
        server: The server's address, as a person writes it.
        timeout_s: The longest a call may keep silent.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """

    def __init__(self, server: str, timeout_s: float = TIMEOUT_S) -> None:
        self._base = server_url(server)
        try:
            base = httpx.URL(self._base)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise no_address(server) from error
        # Proxies of the environment lead away from this machine.
        self._http = httpx.AsyncClient(
            base_url=base, timeout=timeout_s, trust_env=not is_this_machine(self._base)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def server_info(self) -> ServerInfo:
        """Return what the server is."""
        return await self._get("/", ServerInfo)

    async def health(self) -> Health:
        """Return how the server is doing."""
        return await self._get("/health", Health)

    async def readiness(self) -> Readiness:
        """Return whether audio would be recognised now, or why not."""
        answer = await self._send("GET", "/ready")
        # Not being ready is an answer here, no failure.
        return self._body(answer, Readiness)

    async def asr_info(self) -> AsrInfo:
        """Return how audio is recognised."""
        return await self._get("/asr/info", AsrInfo)

    async def chats(self, user: str, *, skip: int = 0, limit: int = DEFAULT_LIMIT) -> ChatList:
        """Return the chats a person takes part in, the newest first."""
        return await self._get("/chat/list", ChatList, {"id": user, "skip": skip, "limit": limit})

    async def chat(self, chat_id: str, *, since: int = 0, limit: int = DEFAULT_LIMIT) -> ChatDetail:
        """Return a chat with a page of its messages: those after a seq, in order."""
        return await self._get(_path(chat_id), ChatDetail, {"since": since, "limit": limit})

    async def history(self, chat_id: str, *, since: int = 0) -> AsyncIterator[HistoryMessage]:
        """Yield all messages of a chat after a seq, page by page."""
        while messages := (await self.chat(chat_id, since=since)).messages:
            for message in messages:
                yield message
            since = messages[-1].seq

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        """Create a chat that a person owns."""
        return await self._post("/chat", _checked(CreateChat, user_id=user, title=title), ChatDetail)

    async def post(
        self, chat_id: str, user: str, content: str, client_message_id: str | None = None
    ) -> PostedMessage:
        """Say something; it is durable when this returns. Repeating it with its client_message_id is safe."""
        body = _checked(PostMessage, user_id=user, content=content, client_message_id=client_message_id)
        return await self._post(f"{_path(chat_id)}/messages", body, PostedMessage)

    async def export(self, chat_id: str, form: ExportFormat) -> bytes:
        """Return a whole chat as a file."""
        return self._good(await self._send("GET", f"{_path(chat_id)}/export", {"format": form.value})).content

    async def _get(self, path: str, kind: type[BodyT], query: Query | None = None) -> BodyT:
        return self._body(self._good(await self._send("GET", path, query)), kind)

    async def _post(self, path: str, body: BaseModel, kind: type[BodyT]) -> BodyT:
        return self._body(self._good(await self._send("POST", path, content=encode(body))), kind)

    async def _send(
        self, method: str, path: str, query: Query | None = None, content: str | None = None
    ) -> httpx.Response:
        try:
            return await self._http.request(
                method,
                path,
                params=query,
                content=content,
                headers={"Content-Type": "application/json"} if content else None,
            )
        except httpx.TimeoutException as error:
            raise failures.unreachable(self._base, _("it did not answer in time")) from error
        except httpx.ConnectError as error:
            raise failures.unreachable(self._base, _("no connection could be made")) from error
        except httpx.DecodingError as error:
            raise failures.not_voicechat(self._base, str(error)) from error
        except httpx.TransportError as error:
            raise failures.unreachable(self._base, str(error) or type(error).__name__) from error

    def _good(self, answer: httpx.Response) -> httpx.Response:
        """Return an answer that is none of an error, or raise what it tells of."""
        if answer.is_success:
            return answer
        try:
            body = ErrorBody.model_validate_json(answer.content)
        except ValidationError as error:
            raise failures.not_voicechat(
                self._base, _("the answer was HTTP {status}", status=answer.status_code)
            ) from error
        raise failures.told_by_server(body.error)

    def _body(self, answer: httpx.Response, kind: type[BodyT]) -> BodyT:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            raise failures.not_voicechat(
                self._base, _("the answer to {path} was of another kind", path=answer.url.path)
            ) from error


def _path(chat_id: str) -> str:
    return f"/chat/{quote(chat_id, safe='')}"


def _checked(kind: type[BodyT], **fields: str | None) -> BodyT:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise VoicechatError(
            ErrorCode.BAD_FIELD,
            _("This can't be sent: {reason}.", reason=describe(error)),
            _("Correct it and send it again."),
        ) from error
