"""The server's HTTP calls, typed."""

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ValidationError
from socksio import SOCKSError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.printable import printable_lines
from voicechat_common.protocol.chat_http import (
    DEFAULT_LIMIT,
    ChatDetail,
    ChatList,
    CreateChat,
    ExportFormat,
    HistoryMessage,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.heard import heard_body
from voicechat_common.protocol.http import AsrInfo, Health, Readiness
from voicechat_common.protocol.identity import Redeem, Redeemed, Whoami
from voicechat_tui.client.connection import failures, verdicts
from voicechat_tui.client.connection.address import ascii_url, no_address, server_url
from voicechat_tui.client.connection.route import MOST_REDIRECTS, Route, redirected, route_to
from voicechat_tui.language import _

TIMEOUT_S = 10.0
"""The longest a call may keep silent."""

LONGEST_BODY = 64 << 20
"""Bytes of an answer: four times what a page of the longest messages takes."""
LONGEST_EXPORT = 512 << 20
"""Bytes of a whole chat."""

_HEALTH = "/health"
_STATUS = re.compile(r"\d{3}\b")
_HUNG_UP = re.compile("disconnected|closed")

BodyT = TypeVar("BodyT", bound=BaseModel)
Query = Mapping[str, str | int]


@dataclass(frozen=True)
class _Answer:
    """What came of a question, and on which way."""

    route: Route
    response: httpx.Response
    body: bytes

    @property
    def error(self) -> VoicechatError:
        """What it means, where it is not what was asked for."""
        said = self.response
        return verdicts.of_answer(self.route, said.status_code, said.headers, self.body, for_socket=False)


class HttpClient:
    """Calls of one server. An async context manager; every call may raise a VoicechatError.

    `server_unreachable` and `protocol_mismatch` tell of the connection; any other code is the server's own.

    Args:
        server: The server's address, as a person writes it.
        timeout_s: The longest a call may keep silent.
        token: Says who the person is, instead of the token of the environment or the one that is kept.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """

    def __init__(self, server: str, timeout_s: float = TIMEOUT_S, token: str | None = None) -> None:
        self._base = server_url(server)
        try:
            httpx.URL(ascii_url(self._base))
        except (httpx.InvalidURL, UnicodeError) as error:
            raise no_address(server) from error
        self._timeout_s = timeout_s
        self._token = token
        self._clients: dict[tuple[str | None, ssl.SSLContext | None], httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        while self._clients:
            _key, client = self._clients.popitem()
            await client.aclose()

    async def route(self) -> Route:
        """Return the way the calls take, as far as this machine decides it."""
        return await route_to(self._base)

    async def place(self) -> str:
        """Return the address at which the server answers in the end, wherever it redirects to."""
        answer = self._good(await self._send("GET", _HEALTH))
        self._body(answer, Health)
        return answer.route.server

    async def whoami(self) -> Whoami:
        """Return whom the server takes the caller for."""
        return await self._get("/auth/me", Whoami)

    async def redeem(self, invitation: str, name: str | None) -> Redeemed:
        """Turn an invitation into a token for the name that its holder chooses; None if they have a token."""
        return await self._post("/auth/redeem", _checked(Redeem, invitation=invitation, name=name), Redeemed)

    async def health(self) -> Health:
        """Return how the server is doing."""
        return await self._get(_HEALTH, Health)

    async def readiness(self) -> Readiness:
        """Return whether audio would be recognised now, or why not."""
        answer = await self._send("GET", "/ready")
        # Not being ready is an answer here, not a failure.
        return self._body(answer, Readiness)

    async def asr_info(self) -> AsrInfo:
        """Return how audio is recognised."""
        return await self._get("/asr/info", AsrInfo)

    async def chats(self, user: str) -> ChatList:
        """Return the chats a person takes part in, the newest first."""
        return await self._get("/chat/list", ChatList, {"id": user})

    async def chat(self, chat_id: str, *, since: int = 0, limit: int = DEFAULT_LIMIT) -> ChatDetail:
        """Return a chat with a page of its messages: those after a seq, in order."""
        return await self._get(_path(chat_id), ChatDetail, {"since": since, "limit": limit})

    async def history(self, chat_id: str, *, since: int = 0) -> AsyncIterator[HistoryMessage]:
        """Yield all messages of a chat after a seq, page by page."""
        while messages := [
            message for message in (await self.chat(chat_id, since=since)).messages if message.seq > since
        ]:
            for message in messages:
                yield message
            since = messages[-1].seq

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        """Create a chat that a person owns."""
        return await self._post("/chat", _checked(CreateChat, user_id=user, title=title), ChatDetail)

    async def export(self, chat_id: str, form: ExportFormat) -> bytes:
        """Return a whole chat as a file, in which nothing is obeyed by the terminal that shows it."""
        query = {"format": form.value}
        answer = await self._send("GET", f"{_path(chat_id)}/export", query, longest=LONGEST_EXPORT)
        return printable_lines(self._good(answer).body.decode("utf-8", "replace")).encode()

    async def _get(self, path: str, kind: type[BodyT], query: Query | None = None) -> BodyT:
        return self._body(self._good(await self._send("GET", path, query)), kind)

    async def _post(self, path: str, body: BaseModel, kind: type[BodyT]) -> BodyT:
        return self._body(self._good(await self._send("POST", path, content=encode(body))), kind)

    async def _send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        content: str | None = None,
        longest: int = LONGEST_BODY,
    ) -> _Answer:
        """Ask, and ask the same again where the answer sends: the server is there, as it would say."""
        first = url = self._base + path + (f"?{urlencode(query)}" if query else "")
        for _redirect in range(MOST_REDIRECTS):
            # An error names the server, as people write it, not what was asked there.
            told = url.partition("?")[0].removesuffix(path)
            route = await route_to(url, told, first=first, token=self._token)
            answer = await self._ask(route, method, content, longest)
            location = verdicts.redirect_of(answer.response.status_code, answer.response.headers)
            if location is None:
                return answer
            url = redirected(url, location)
        raise failures.too_many_redirects(self._base, MOST_REDIRECTS)

    async def _ask(self, route: Route, method: str, content: str | None, longest: int) -> _Answer:
        headers = {"Content-Type": "application/json"} if content else {}
        headers |= route.headers
        asked = self._client(route).stream(method, route.target, content=content, headers=headers)
        try:
            async with asked as response:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > longest:
                        raise failures.too_long_an_answer(route.url, longest, route.proxy)
                return _Answer(route, response, bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL, SOCKSError, ImportError) as error:
            raise self._failure(route, error) from error

    def _client(self, route: Route) -> httpx.AsyncClient:
        """Return the client for a way, whose connections stay open."""
        key = (route.proxy, route.trust)
        if key not in self._clients:
            tls_to_proxy = route.trust if (route.proxy or "").startswith("https:") else None
            proxy = None if route.proxy is None else httpx.Proxy(route.proxy, ssl_context=tls_to_proxy)
            self._clients[key] = httpx.AsyncClient(
                # What is not needed must not be read from files, and trusts nobody.
                verify=route.trust or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                proxy=proxy,
                # The environment was asked for the way already.
                trust_env=False,
                timeout=self._timeout_s,
            )
        return self._clients[key]

    def _failure(self, route: Route, error: Exception) -> VoicechatError:
        """Return what an error of the library means."""
        match error:
            case httpx.ProxyError() if status := _STATUS.match(str(error)):
                return verdicts.of_proxy(route, int(status[0]), {})
            case httpx.ProxyError() | SOCKSError():
                return verdicts.of_socks(route, str(error))
            case httpx.RemoteProtocolError() if _HUNG_UP.search(str(error)):
                return failures.hung_up(route.url, route.proxy)
            case httpx.DecodingError() | httpx.InvalidURL():
                return failures.not_voicechat(route.url, str(error), route.proxy)
            case ImportError():
                return failures.no_socks()
            case _:
                return verdicts.of_failure(route, error, self._timeout_s)

    def _good(self, answer: _Answer) -> _Answer:
        """Return an answer unless it is an error, which is raised."""
        if answer.response.is_success:
            return answer
        raise answer.error

    def _body(self, answer: _Answer, kind: type[BodyT]) -> BodyT:
        try:
            return heard_body(kind, answer.body)
        except ValueError as error:
            if not answer.response.is_success:
                raise answer.error from error
            reason = _("the answer to {path} was not in the expected format", path=answer.response.url.path)
            raise failures.not_voicechat(answer.route.url, reason, answer.route.proxy) from error


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
