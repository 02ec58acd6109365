"""The speech WebSocket, `/ws`: receives, calls the stream, sends."""

import asyncio
import time

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Done, Error, ServerMessage
from voicechat_server.api.callers import caller_of
from voicechat_server.api.errors import (
    FORGIVABLE,
    NORMAL_CLOSURE,
    close_code,
    close_reason,
    error_of,
    internal_error,
    shutting_down,
)
from voicechat_server.api.gate.frame_limits import ANNOUNCED
from voicechat_server.api.services import Services, services_of
from voicechat_server.api.sockets.client_socket import ClientSocket
from voicechat_server.api.sockets.task_group import task_group
from voicechat_server.api.source import source_of
from voicechat_server.api.speech.formats import Format, JsonFormat, choose_format
from voicechat_server.api.speech.intake import Intake
from voicechat_server.asr.streams.handle import StreamHandle
from voicechat_server.metrics import Surface

log = structlog.stdlib.get_logger(__name__)
router = APIRouter()


@router.websocket("/ws")
async def speech(socket: WebSocket, format: str = "json") -> None:  # noqa: A002 - the name is the protocol's
    """Audio in, text out, until either side closes it."""
    await SpeechConnection(socket, services_of(socket), format).run()


class SpeechConnection:
    """One socket of `/ws` and the stream it opens, if any.

    Three tasks serve it: one receives and calls the stream, one sends the events of the stream, and one waits
    for shutdown. The end of the stream ends all three, and so does an error in any.

    Args:
        socket: The socket, not accepted yet.
        services: The parts of the app.
        format_name: The `format` of the query.
    """

    surface = Surface.SPEECH

    def __init__(self, socket: WebSocket, services: Services, format_name: str) -> None:
        self._socket = ClientSocket(socket)
        limits = self._socket.limits
        limits.largest_of_stream = max(limits.largest, services.settings.max_frame_bytes)
        self.source = source_of(socket)
        self.identity = caller_of(socket).identity
        self._client = socket.client
        self._services = services
        self._format_name = format_name
        self._format: Format = JsonFormat()
        self._intake = Intake(
            services.engine,
            services.chat,
            services.settings.max_frame_bytes,
            self._welcome,
            self.source,
            caller_of(socket),
        )
        self._opened: asyncio.Future[StreamHandle] = asyncio.get_running_loop().create_future()
        self._server_ends = asyncio.Event()
        self._dismissal: asyncio.Future[VoicechatError] = asyncio.get_running_loop().create_future()
        self._client_gone = False
        self._receipt: Done | None = None
        self._unsent_error: Error | None = None
        self._log = log

    @property
    def chat_id(self) -> str | None:
        """The chat that is spoken into; None for none."""
        return self._intake.chat_id

    @property
    def waiting(self) -> int:
        """Events waiting for the client to read."""
        return 0 if self._intake.stream is None else self._intake.stream.waiting

    def shut_down(self) -> None:
        """Tell the client that the server is shutting down, and finish the stream, without waiting."""
        self._server_ends.set()

    def dismiss(self, reason: VoicechatError) -> None:
        """Tell the client why it is not served any longer, and finish the stream, without waiting."""
        if not self._dismissal.done():
            self._dismissal.set_result(reason)

    async def run(self) -> None:
        """Serve the socket, from accepting it to closing it."""
        try:
            await self._socket.accept()
        except WebSocketDisconnect:
            self._forget_intake()
            return
        began = time.monotonic()
        self._log.info(
            "speech connection opened", client=self._client and self._client.host, format=self._format_name
        )
        failure: VoicechatError | None = None
        try:
            with self._services.connections.holding(self):
                failure = await self._serve()
                await self._end(failure)
        finally:
            self._log.info(
                "speech connection closed",
                seconds=round(time.monotonic() - began, 3),
                received_bytes=self._intake.received_bytes,
                client_gone=self._client_gone,
                error=failure and failure.code,
                receipt=self._receipt and self._receipt.model_dump(exclude={"type"}),
            )
            self._forget_intake()

    def _forget_intake(self) -> None:
        """Break the reference cycle of the intake, which calls this object."""
        del self._intake

    async def _serve(self) -> VoicechatError | None:
        """Run the tasks; return the error that ended them, if one did."""
        failures: list[VoicechatError] = []
        try:
            self._services.connections.refuse_too_many(self)
            self._format = choose_format(self._format_name)
            async with task_group() as group:
                receiving = group.create_task(self._receive())
                ending = group.create_task(self._await_server_end(receiving))
                dismissing = group.create_task(self._await_dismissal())
                await self._send()
                for task in (receiving, ending, dismissing):
                    task.cancel()
        except* WebSocketDisconnect:
            self._client_gone = True
        except* VoicechatError as errors:
            failures += [error for error in errors.exceptions if isinstance(error, VoicechatError)]
        except* Exception:
            await self._end(internal_error())
            raise
        return failures[0] if failures else None

    async def _receive(self) -> None:
        while True:
            frame = await self._next_frame()
            try:
                if frame is None:
                    await self._intake.expect_audio()
                    continue
                if isinstance(frame, bytes):
                    await self._intake.take_audio(frame)
                    continue
                self._socket.limits.count_idle_frame()
                answer = await self._intake.take_text(frame)
                if answer is not None:
                    await self._transmit(answer)
            except VoicechatError as error:
                if error.code not in FORGIVABLE or not self._format.carries_errors:
                    raise
                self._socket.limits.count_idle_frame()
                await self._transmit(Error.of(error))

    async def _next_frame(self) -> str | bytes | None:
        """Return what the client sent, or None if a large frame of audio is about to come."""
        limit_s = None if self._intake.stream is not None else self._services.settings.idle_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                message = await self._socket.receive()
        except TimeoutError as error:
            raise VoicechatError(
                ErrorCode.IDLE_TIMEOUT,
                f"Nothing came for {limit_s:g} s, and no stream is open.",
                "Connect again when there is audio.",
            ) from error
        if ANNOUNCED in message:
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def _send(self) -> None:
        stream = await self._opened
        async for event in stream.events():
            if isinstance(event, Error) and event.fatal:
                raise error_of(event)
            if isinstance(event, Done):
                self._receipt = event
            await self._transmit(event)

    async def _await_server_end(self, receiving: asyncio.Task[None]) -> None:
        await self._server_ends.wait()
        receiving.cancel()
        await asyncio.wait([receiving])
        if self._intake.stream is None:
            raise shutting_down()
        await self._transmit(Error.of(shutting_down()))
        if not self._intake.stopped:
            await self._intake.stop()

    async def _await_dismissal(self) -> None:
        raise await self._dismissal

    async def _welcome(self, stream: StreamHandle) -> None:
        """Send `ready` before anything else of the stream."""
        self._log = self._log.bind(stream=stream.stream_id)
        self._socket.limits.open_stream()
        await self._transmit(stream.ready)
        self._opened.set_result(stream)

    async def _transmit(self, message: ServerMessage) -> None:
        if isinstance(message, Error):
            self._services.metrics.error_met(self.surface, message.code)
        text = self._format.render(message)
        if text is None and isinstance(message, Error):
            self._unsent_error = self._unsent_error or message
        if text is not None:
            await self._socket.send_text(text)

    async def _end(self, failure: VoicechatError | None) -> None:
        await self._let_go(failure)
        await self._close(failure or (shutting_down() if self._server_ends.is_set() else None))

    async def _let_go(self, failure: VoicechatError | None) -> None:
        """Detach from the stream, keeping it for its client to resume if that is possible and allowed."""
        stream = self._intake.stream
        if stream is None:
            return
        may_return = failure is None and self._format.carries_errors
        if not may_return and not self._intake.stopped:
            await stream.stop()
        stream.detach()

    async def _close(self, reason: VoicechatError | None) -> None:
        """Close the socket with the reason: the one place where an error becomes a close code."""
        if self._client_gone:
            return
        try:
            if reason is None and self._unsent_error is not None:
                reason = error_of(self._unsent_error)
            if reason is None:
                await self._socket.close(NORMAL_CLOSURE)
                return
            if self._receipt is None:
                await self._transmit(Error.of(reason, fatal=True))
            await self._socket.close(close_code(reason), close_reason(reason))
        except WebSocketDisconnect:
            self._client_gone = True
