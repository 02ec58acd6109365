"""Uvicorn's HTTP protocol, with deadlines, and reading no more than a request needs."""

import asyncio
import time
from functools import partial
from typing import Any

import httptools
import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import raw_response
from voicechat_server.api.gate.gate import BODY_S, HEAD_S, gate_of

MOST_HEAD_BYTES = 32 * 1024
"""The longest head of a request: request line and headers."""

PIECE_BYTES = 4096
"""How much to parse at a time: some two hundred of the smallest requests."""

LINGER_S = 1.0
"""How long a client refused in the middle of a request has to read the answer; its input is dropped."""


class HttpProtocol(HttpToolsProtocol):
    """One connection: its requests are read one after another, each within a time limit and size limits."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._gate = gate_of(config)
        self._input = bytearray()
        self._answering: RequestResponseCycle | None = None
        self._head_bytes = 0
        self._in_body = False
        self._is_admitted = False
        self._has_turn = False
        self._is_behind = False
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for a request, if there is capacity for one more connection."""
        super().connection_made(transport)
        self._is_admitted = self._gate.admit()
        if self._is_admitted:
            self._gate.answered.add(self)
            self._gate.heads.start(self, time.monotonic())
        else:
            self._answer(_no_capacity())
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up. Uvicorn notifies the newest request, which need not be the one being answered."""
        super().connection_lost(exc)
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
            self._answering = None
        self.pipeline.clear()
        self._stop_waiting()
        if self._end is not None:
            self._end.cancel()
        self._input.clear()
        if self._is_admitted:
            self._gate.answered.discard(self)
            self._gate.leave()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client; larger amounts are parsed in turn with other clients."""
        self._unset_keepalive_if_required()
        if self._end is not None or self.transport.is_closing():
            return
        self._input += data
        self._go_on()

    def on_headers_complete(self) -> None:
        """Take the head of a request, and start waiting for its body."""
        super().on_headers_complete()
        self._head_bytes = 0
        self._in_body = True
        self._gate.heads.stop(self)
        self._gate.bodies.start(self, time.monotonic())

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        super().on_message_complete()
        self._in_body = False
        self._gate.bodies.stop(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        self._gate.starts.enter(partial(super()._start_asgi_task, cycle, app))

    def on_response_complete(self) -> None:
        """Continue with the next request; the rest of this one, if any, is read and dropped in its time."""
        self._answering = None
        super().on_response_complete()
        self._go_on()

    def expire(self) -> None:
        """Close the connection: the request took too long."""
        if self._head_bytes or self._in_body:
            self._answer(_too_slow(BODY_S if self._in_body else HEAD_S))
        self.transport.close()

    def evict(self) -> None:
        """Close the connection: its descriptor is needed for another one."""
        self._answer(_no_capacity())
        self.transport.close()

    def unread_bytes(self) -> int:
        """Return how many bytes of the answer the client has not read."""
        return self.transport.get_write_buffer_size()

    def give_up(self) -> None:
        """Close the connection, and drop what was not read."""
        self.transport.abort()

    def _go_on(self) -> None:
        if not self._has_turn and self._read_on():
            self._has_turn = True
            self._gate.turns.enter(self._take_turn)
        self._pause_or_resume()

    def _take_turn(self) -> bool:
        self._has_turn = self._read_on()
        self._pause_or_resume()
        return self._has_turn

    def _pause_or_resume(self) -> None:
        """Leave input in the kernel while there is some left to parse here."""
        was_behind, self._is_behind = self._is_behind, bool(self._input)
        if self._is_behind:
            self.flow.pause_reading()
        elif was_behind:
            self.flow.resume_reading()

    def _read_on(self) -> bool:
        """Parse a piece of the input; return whether another one can be parsed right away."""
        if not self._input or self.transport.is_closing() or self._end is not None:
            return False
        if self.pipeline:
            # The request after the one being answered is parsed, no further, and no deadline runs.
            self._gate.heads.stop(self)
            return False
        piece = bytes(self._input[:PIECE_BYTES])
        del self._input[:PIECE_BYTES]
        if not self._in_body:
            self._gate.heads.start(self, time.monotonic())
            self._head_bytes += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(piece[upgrade.args[0] :])
            return False
        except httptools.HttpParserError:
            self._refuse(_not_http())
            return False
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(_head_too_large())
            return False
        return bool(self._input)

    def _upgrade(self, rest: bytes) -> None:
        """Hand the connection over to the protocol of WebSockets."""
        if not self._should_upgrade():
            self._unsupported_upgrade_warning()
            return
        self._stop_waiting()
        self._gate.answered.discard(self)
        self.handle_websocket_upgrade()
        # The parser holds this object, which won't hear of the connection's end any more.
        self.parser = None  # type: ignore[assignment]
        rest += self._input
        self._input.clear()
        protocol = self.transport.get_protocol()
        if rest and isinstance(protocol, asyncio.Protocol):
            protocol.data_received(rest)

    def _answer(self, error: VoicechatError) -> None:
        """Answer an incomplete request, unless an answer has gone out already."""
        is_unanswered = self.cycle is None or not self.cycle.response_started
        if is_unanswered or (self.cycle.response_complete and not self._in_body):
            self.transport.write(raw_response(error))

    def _refuse(self, error: VoicechatError) -> None:
        """Close the connection, once the client had time to read the answer: unread input would reset it."""
        self._answer(error)
        self._stop_waiting()
        self._unset_keepalive_if_required()
        self._input.clear()
        self._end = self._end or self.loop.call_later(LINGER_S, self.transport.close)

    def _stop_waiting(self) -> None:
        self._gate.heads.stop(self)
        self._gate.bodies.stop(self)


def _no_capacity() -> VoicechatError:
    return VoicechatError(
        ErrorCode.BUSY,
        "The server can't take another connection.",
        "Try again in a moment.",
        retry_after_s=2.0,
    )


def _too_slow(seconds: float) -> VoicechatError:
    return VoicechatError(
        ErrorCode.TOO_SLOW,
        f"The request did not arrive within {seconds:.0f} s.",
        "Send it again, in one go.",
    )


def _head_too_large() -> VoicechatError:
    return VoicechatError(
        ErrorCode.HEAD_TOO_LARGE,
        f"The request's line and headers take more than {MOST_HEAD_BYTES} bytes.",
        "Send fewer or shorter headers; texts belong in the body.",
    )


def _not_http() -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_REQUEST,
        "This is not an HTTP/1.1 request.",
        "Send plain HTTP to this port; for https a proxy in front of the server is needed.",
    )
