"""The chat WebSocket, `/chatting`: receives, calls the chat service, sends."""

import asyncio
import time

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.protocol.chat import (
    ChatError,
    ChatQuery,
    EndChat,
    SendMessage,
    Typing,
    chat_client_decoder,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Ping, Pong
from voicechat_server.api.actions import CHAT_MESSAGES
from voicechat_server.api.callers import caller_of
from voicechat_server.api.chat.non_blocking_sender import NonBlockingSender
from voicechat_server.api.errors import close_code, close_reason, internal_error, shutting_down
from voicechat_server.api.services import Services, services_of
from voicechat_server.api.sockets.client_socket import MAX_TEXT_CHARACTERS, ClientSocket
from voicechat_server.api.sockets.task_group import task_group
from voicechat_server.api.source import source_of
from voicechat_server.chat import failures
from voicechat_server.chat.live.frame_queue import Frame
from voicechat_server.chat.live.member import Member
from voicechat_server.chat.service import Joined
from voicechat_server.identity.access import Action
from voicechat_server.metrics import Surface

MAX_FRAME_BYTES = 4 * MAX_TEXT_CHARACTERS
"""The longest text in bytes."""

CLOSE_WITHIN_S = 30
"""How long a reader that was too slow may take to read why its connection is closed."""

log = structlog.stdlib.get_logger(__name__)
router = APIRouter()


@router.websocket("/chatting")
async def chatting(socket: WebSocket) -> None:
    """One person's connection to one chat, until either side closes it."""
    await ChatConnection(socket, services_of(socket)).run()


class ChatConnection:
    """One socket of `/chatting`.

    Four tasks serve it: one receives, one sends, one watches for a reader that is too slow, and one waits for
    shutdown. An error in any of them ends all.

    Args:
        socket: The socket, not accepted yet.
        services: The parts of the app.
    """

    surface = Surface.CHAT

    def __init__(self, socket: WebSocket, services: Services) -> None:
        self._socket = ClientSocket(socket)
        limits = self._socket.limits
        limits.largest = limits.largest_of_stream = MAX_FRAME_BYTES
        self.source = source_of(socket)
        self._parameters = dict(socket.query_params)
        self._services = services
        self._caller = caller_of(socket)
        self.identity = self._caller.identity
        self._dismissal: asyncio.Future[VoicechatError] = asyncio.get_running_loop().create_future()
        self._client_gone = False
        self._joined: Joined | None = None
        self.chat_id: str | None = None
        self._received = 0

    @property
    def waiting(self) -> int:
        """Frames waiting for the client to read."""
        return 0 if self._joined is None else self._joined.member.frames.waiting

    def shut_down(self) -> None:
        """Tell the client that the server is shutting down; returns before that is done."""
        self.dismiss(shutting_down())

    def dismiss(self, reason: VoicechatError) -> None:
        """Tell the client why it is not served any longer; returns before that is done."""
        if not self._dismissal.done():
            self._dismissal.set_result(reason)

    async def run(self) -> None:
        """Serve the socket, from accepting it to closing it."""
        try:
            await self._socket.accept()
        except WebSocketDisconnect:
            return
        began = time.monotonic()
        with self._services.connections.holding(self):
            failure = await self._serve()
        await self._close(failure)
        log.info(
            "chat connection closed",
            seconds=round(time.monotonic() - began, 3),
            received_frames=self._received,
            unread_frames=self.waiting,
            client_gone=self._client_gone,
            error=failure and failure.code,
        )

    async def _serve(self) -> VoicechatError | None:
        """Run the connection; return the error that ended it, if one did."""
        try:
            self._services.connections.refuse_too_many(self)
            query = self._query()
            # Named before any check, so that whoever may no longer see the chat meanwhile is dismissed.
            self.chat_id = query.id
            user = self._caller.name(query.user)
            await self._caller.check_in(query.id, Action.READ)
            source = self._caller.source(self.source)
            is_private = bool(query.is_private)
            self._caller.check_privacy(is_private=is_private)
            joined = await self._services.chat.join(
                query.id, user, query.since, source, is_private=is_private
            )
        except VoicechatError as error:
            return error
        log.info("chat connection opened", chat=query.id, user=joined.established.user, since=query.since)
        self._joined = joined
        try:
            return await self._converse(joined)
        finally:
            self._services.chat.leave(query.id, joined.member)

    def _query(self) -> ChatQuery:
        try:
            return ChatQuery.model_validate(self._parameters)
        except ValidationError as error:
            raise VoicechatError(
                ErrorCode.BAD_FIELD,
                f"The address has a parameter that can't be used: {describe(error)}.",
                "Connect to /chatting?id=CHAT&user=USER&since=SEQ; docs/chat.md describes each.",
            ) from error

    async def _converse(self, joined: Joined) -> VoicechatError | None:
        errors: list[VoicechatError] = []
        try:
            async with task_group() as group:
                group.create_task(self._receive(joined.member))
                group.create_task(self._send(joined))
                group.create_task(self._watch(joined.member))
                group.create_task(self._await_dismissal())
        except* WebSocketDisconnect:
            self._client_gone = True
        except* VoicechatError as group_of_errors:
            errors += [error for error in group_of_errors.exceptions if isinstance(error, VoicechatError)]
        except* Exception as fault:
            log.exception("chat connection failed", exc_info=fault)
            errors.append(internal_error())
        return errors[0] if errors else None

    async def _receive(self, member: Member) -> None:
        while True:
            message = await self._socket.receive()
            self._received += 1
            text: str | None = message.get("text")
            try:
                await self._act(member, text)
            except VoicechatError as error:
                if error.code in (ErrorCode.FRAME_TOO_LARGE, ErrorCode.TOO_MANY_FRAMES):
                    raise
                self._socket.limits.count_idle_frame()
                member.send_error(error)

    async def _act(self, member: Member, text: str | None) -> None:
        if text is None:
            raise VoicechatError(
                ErrorCode.BAD_FIELD,
                "A binary frame came, but this socket takes none.",
                "Send JSON in text frames; audio goes to /ws.",
            )
        if len(text) > MAX_TEXT_CHARACTERS:
            raise VoicechatError(
                ErrorCode.FRAME_TOO_LARGE,
                f"A text frame of {len(text)} characters came; the most is {MAX_TEXT_CHARACTERS}.",
                "Send a long text in several messages.",
            )
        frame = chat_client_decoder.decode(text)
        self._caller.check(CHAT_MESSAGES[type(frame)])
        if not isinstance(frame, SendMessage):
            self._socket.limits.count_idle_frame()
        match frame:
            case SendMessage() as message:
                await member.say(message)
            case Typing(is_typing=is_typing):
                member.set_typing(is_typing=is_typing)
            case EndChat():
                await self._caller.check_in(member.chat_id, Action.END)
                await member.end_chat(is_admin=self._caller.is_admin)
            case Ping(id=id_):
                member.frames.put(Frame(encode(Pong(id=id_))))

    async def _send(self, joined: Joined) -> None:
        await self._socket.send_text(encode(joined.established))
        async for frame in joined.member.history():
            await self._socket.send_text(frame.text)
        queue = joined.member.frames
        try_send = NonBlockingSender(self._socket)
        while True:
            await queue.wait(try_send)
            while (waiting := queue.take()) is not None:
                await self._socket.send_text(waiting.text)

    async def _watch(self, member: Member) -> None:
        await member.frames.overflow.wait()
        raise failures.slow_reader(member.frames.limit)

    async def _await_dismissal(self) -> None:
        raise await self._dismissal

    async def _close(self, reason: VoicechatError | None) -> None:
        """Close the socket and say why."""
        if reason is not None:
            self._services.metrics.error_met(self.surface, reason.code)
        if self._client_gone or reason is None:
            return
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._socket.send_text(encode(ChatError.of(reason, fatal=True)))
                await self._socket.close(close_code(reason), close_reason(reason))
        except (WebSocketDisconnect, TimeoutError):
            self._client_gone = True
