"""The listening side: binds the port, serves the app, shuts down gracefully."""

import errno
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.addresses.hosts import is_loopback
from voicechat_server.api.gate.gate import Gate, GatedConfig
from voicechat_server.api.protocols.http_protocol import HttpProtocol
from voicechat_server.api.protocols.websocket_protocol import WebSocketProtocol
from voicechat_server.api.services import Services
from voicechat_server.settings.model import Settings

BACKLOG = 2048

TICKS_A_SECOND = 10

CANCEL_GRACE_S = 2
"""Time for answers to go out once the connections were asked to close."""

KEEPALIVE_IDLE_S = 20
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 4
"""TCP detects a peer that vanished silently after idle + interval * probes seconds.

WebSocket pings can't do that here: a stream that is ahead of the recogniser isn't read, nor are its pongs.
"""

log = structlog.stdlib.get_logger(__name__)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, not listening yet.

    Raises:
        VoicechatError: `port_in_use` or `bad_setting`.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable_host(host, error) from error
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _notice_vanished_peers(listener)
        listener.bind(address)
        # Another process may hold the port without listening yet, which only listening reveals.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot_bind(host, port, error) from error
    return listener


class Server(uvicorn.Server):
    """Uvicorn, extended to let open streams send their finals before it stops.

    Args:
        app: What `create_app` returned.
    """

    def __init__(self, app: FastAPI) -> None:
        self.services: Services = app.state.services
        self.gate = Gate()
        super().__init__(
            GatedConfig(
                self.gate,
                app,
                log_config=None,
                # RequestScope logs requests, each with its name.
                access_log=False,
                http=HttpProtocol,
                ws=WebSocketProtocol,
                ws_ping_timeout=None,
                # Audio doesn't compress, and trying costs memory and time for each connection.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=CANCEL_GRACE_S,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and log where."""
        await super().startup(sockets)
        for listener in sockets or ():
            announce(self.services.settings, listener)

    async def on_tick(self, counter: int) -> bool:
        """Do periodic work; Uvicorn calls this ten times a second."""
        if counter % TICKS_A_SECOND == 0:
            self.gate.sweep()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let streams finish, then close the rest."""
        for server in self.servers:
            server.close()
        left = await self.services.connections.drain(
            self.services.settings.shutdown_grace_s, give_up=lambda: self.force_exit
        )
        log.info("server ends", connections_cut=left)
        await super().shutdown(sockets)
        await self.gate.close()

    def run_until_signal(self, listener: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM; either is a normal end, so the process exits with status 0."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _exit_wanted)
        try:
            self.run(sockets=[listener])
        except SystemExit as end:
            _leave_loading_behind(end.code if isinstance(end.code, int) else 0)
            raise


def announce(settings: Settings, listener: socket.socket) -> None:
    """Log where the server can be reached, and how to try it."""
    address = reachable_address(listener)
    log.info(
        "listening",
        http=f"http://{address}",
        docs=f"http://{address}/docs",
        ws=f"ws://{address}/ws",
        model=settings.model,
    )
    if settings.auth == "none" and not is_loopback(settings.host):
        log.warning(
            "whoever reaches this port may use any name and read every chat",
            host=settings.host,
            advice="Start with --auth token or VOICECHAT_AUTH=token to ask people for tokens.",
        )
    log.info("try it", command=f"voicechat-tui replay --url ws://{address}/ws FILE")


def reachable_address(listener: socket.socket) -> str:
    """Return `host:port` as one would type it on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _notice_vanished_peers(listener: socket.socket) -> None:
    """Enable TCP keepalive, which accepted sockets inherit, with the options that the system has."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    silence_ms = 1000 * (KEEPALIVE_IDLE_S + KEEPALIVE_INTERVAL_S * KEEPALIVE_PROBES)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
        ("TCP_USER_TIMEOUT", silence_ms),
    ):
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _exit_wanted(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _leave_loading_behind(status: int) -> None:
    """Exit at once, with a status, if a model is still being loaded.

    The thread that loads it can't be interrupted, and Python aborts if it finalises while a thread is in the
    middle of importing PyTorch.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(status)


def _unusable_host(host: str, error: OSError) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"The server can't listen on {host!r}: {error.strerror or error}.",
        "Set --host or VOICECHAT_HOST to an address of this machine: "
        "127.0.0.1 for this machine only, 0.0.0.0 for others too.",
    )


def _cannot_bind(host: str, port: int, error: OSError) -> VoicechatError:
    if error.errno == errno.EADDRINUSE:
        return VoicechatError(
            ErrorCode.PORT_IN_USE,
            f"Port {port} on {host} is in use by another program.",
            f"End that program, or choose another port: --port {port + 1} or VOICECHAT_PORT={port + 1}.",
        )
    if error.errno == errno.EACCES:
        return VoicechatError(
            ErrorCode.BAD_SETTING,
            f"This user may not listen on port {port}.",
            "Choose a port from 1024 on with --port or VOICECHAT_PORT.",
        )
    return _unusable_host(host, error)
