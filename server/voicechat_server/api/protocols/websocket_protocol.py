"""Uvicorn's WebSocket protocol, stricter where a client could keep it waiting or disturb others."""

import asyncio
import logging
from typing import Any, cast

import uvicorn
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame
from websockets.http11 import Request

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import raw_response
from voicechat_server.api.gate.frame_limits import ANNOUNCED, EXTENSION, REFUSAL, FrameLimits
from voicechat_server.api.gate.gate import gate_of
from voicechat_server.api.protocols.websocket_frames import FrameReader, Oversized

MOST_UNREAD_BYTES = 256 * 1024
"""A client that has left this much unread gets no more pongs, or its pings would fill the memory."""

PIECE_BYTES = 2048
"""How much to parse at a time: some three hundred of the smallest frames, which are the most work."""

REFUSED_CLOSE_S = 1.0
"""How long a refused client has for its part of the closing handshake."""

MESSAGE_S = 30.0
SLOWEST_BYTES_A_SECOND = 8 * 1024
"""How long a message may take, plus time at the slowest acceptable rate; live audio is four times as fast."""

PIECE_OVERHEAD_BYTES = 64
"""The memory that a piece of a message takes besides its bytes."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection: its handshake is always answered; a protocol violation or a flood closes it."""

    conn: FrameReader

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._gate = gate_of(config)
        self._limits = FrameLimits()
        # Replaces Uvicorn's own, which is in a reference cycle with its parser.
        self.conn.parser.close()
        self.conn = FrameReader(max_size=None, logger=logging.getLogger("uvicorn.error"))
        self.conn.limits = self._limits
        self._input = bytearray()
        self._has_turn = False
        self._is_refused = False
        self._is_announced = False
        self._taken_bytes = 0
        self._message_age_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        super().connection_made(transport)
        self._gate.sockets.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, leaving no reference cycles behind."""
        super().connection_lost(exc)
        self._gate.sockets.discard(self)
        self._gate.unfinished.release(self)
        self._gate.leave()
        self._input.clear()
        self.frames = []
        self.conn.forget()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client; larger amounts are parsed in turn with other clients."""
        if self._is_refused:
            return
        self._input += data
        if not self._has_turn and self._read_on():
            self._has_turn = True
            self._gate.turns.enter(self._take_turn)
            self._pause_or_resume()

    def handle_connect(self, event: Request) -> None:
        """Hand the connection to the app, with its limits."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            # An extension of this server, which Uvicorn's types don't know.
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self._limits

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Drop the scope, whose contents hold this object."""
        super().on_task_complete(task)
        del self.scope

    def handle_parser_exception(self) -> None:
        """Close the connection of a client that violated the protocol.

        Otherwise Uvicorn treats further sends to such a client as errors of the app.
        """
        super().handle_parser_exception()
        self.disconnected = True

    def handle_ping(self) -> None:
        """Answer a ping, if the client reads what it is sent."""
        self._limits.count_idle_frame()
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.conn.data_to_send()
        else:
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take an answer to a ping."""
        self._limits.count_idle_frame()
        super().handle_pong(event)

    def handle_text(self, event: Frame) -> None:
        """Take a text, or the start of one."""
        self._count_if_idle(event)
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take binary data, or the start of it."""
        self._count_if_idle(event)
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Take a continuation of a message."""
        self._count_if_idle(event)
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the app, which asks for the next one once it has handled it."""
        data = b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        try:
            message: ASGIReceiveEvent = (
                {"type": "websocket.receive", "text": data.decode()}
                if self.curr_msg_data_type == "text"
                else {"type": "websocket.receive", "bytes": data}
            )
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        self._taken_bytes = len(data)
        self.queue.put_nowait(message)

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message of the app to the client.

        Uvicorn accepts a client that is already gone, and treats the next send to it as an error.
        """
        if not self.handshake_complete and self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)
        if self.close_sent and not self.disconnected:
            self._go_on()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the client's next message; the one before it counts as handled."""
        if self.queue.empty():
            self._go_on()
        return await self.queue.get()

    def grow_older(self, seconds: float) -> None:
        """Note that time has passed; refuse a message that takes too long."""
        is_waited_for = self.conn.unfinished_bytes and not (self.conn.has_message or self.read_paused)
        if not is_waited_for or self._is_refused:
            self._message_age_s = 0.0
            return
        self._message_age_s += seconds
        if self._message_age_s > MESSAGE_S + self.conn.unfinished_bytes / SLOWEST_BYTES_A_SECOND:
            self._refuse(
                VoicechatError(
                    ErrorCode.TOO_SLOW,
                    f"A message that began {self._message_age_s:.0f} s ago has not come to its end.",
                    "Send messages whole, or audio in smaller frames, such as 100 ms each.",
                )
            )

    def give_way(self) -> None:
        """Drop the input, because the server has no memory for it."""
        self._refuse(
            VoicechatError(
                ErrorCode.BUSY,
                "The server can't hold so much input at once.",
                "Send audio in smaller frames, such as 100 ms each, and connect again.",
                retry_after_s=1.0,
            )
        )

    def _take_turn(self) -> bool:
        self._has_turn = self._read_on()
        return self._has_turn

    def _read_on(self) -> bool:
        """Parse a piece of the input; return whether another one can be parsed right away."""
        if self._is_refused or self.transport.is_closing():
            return False
        piece = bytes(self._input[:PIECE_BYTES])
        del self._input[:PIECE_BYTES]
        self.conn.receive_data(piece)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse_handshake()
            return False
        try:
            self.handle_events()
        except VoicechatError as error:
            self._refuse(error)
            return False
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()
            return False
        if self.conn.oversized is not None:
            self._refuse(_too_large(self.conn.oversized))
            return False
        if self.conn.announced is not None and not self._is_announced:
            self._is_announced = True
            self._notify_route({ANNOUNCED: self.conn.announced})
        if self.close_sent:
            self.conn.has_message = False
        self._account()
        if self._input and not self.conn.has_message:
            return True
        self._pause_or_resume()
        return False

    def _go_on(self) -> None:
        """Read the next message."""
        self._taken_bytes = 0
        self.conn.has_message = False
        if (self._input or self.conn.reader.buffer) and not self._has_turn:
            self._has_turn = True
            self._gate.turns.enter(self._take_turn)
        else:
            self._pause_or_resume()

    def _pause_or_resume(self) -> None:
        """Leave input in the kernel while there is some left to parse here."""
        if self.transport.is_closing():
            return
        is_behind = bool(self._input)
        if is_behind and not self.read_paused:
            self.transport.pause_reading()
        elif self.read_paused and not is_behind:
            self.transport.resume_reading()
        self.read_paused = is_behind

    def _account(self) -> None:
        pieces = PIECE_OVERHEAD_BYTES * len(self.frames)
        size = len(self._input) + self.conn.unfinished_bytes + self._taken_bytes + pieces
        self._gate.unfinished.hold(self, size)
        if not self.conn.unfinished_bytes:
            self._message_age_s = 0.0

    def _count_if_idle(self, frame: Frame) -> None:
        if not frame.fin or not frame.data:
            self._limits.count_idle_frame()

    def _refuse(self, error: VoicechatError) -> None:
        """Read nothing more, and have the route send the reason and close the connection."""
        self._is_refused = True
        self._gate.unfinished.release(self)
        self._input.clear()
        self.frames = []
        self.conn.ignore_rest()
        self.close_timeout = REFUSED_CLOSE_S
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        # The route may have ended: what waits for it must not hold the frames, which hold this object.
        self._notify_route({REFUSAL: error.with_traceback(None)})

    def _notify_route(self, message: dict[str, object]) -> None:
        """Hand the app a message of this server's own, which Uvicorn's types don't know."""
        self.queue.put_nowait(cast("ASGIReceiveEvent", {"type": "websocket.receive", **message}))

    def _refuse_handshake(self) -> None:
        self.transport.write(
            raw_response(
                VoicechatError(
                    ErrorCode.BAD_FIELD,
                    "The address or a header of the WebSocket handshake is too long, or it is not HTTP.",
                    "Keep the address and each header below 8 KiB; no chat id or name needs as much.",
                )
            )
        )
        self.transport.close()


def _too_large(message: Oversized) -> VoicechatError:
    return VoicechatError(
        ErrorCode.FRAME_TOO_LARGE,
        f"A message of {message.size} bytes came; the most that is taken here is {message.limit}.",
        "Send audio in smaller binary frames, such as 100 ms each, and a long text in several messages.",
    )
