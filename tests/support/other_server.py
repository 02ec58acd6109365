"""A server that is none of ours."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread


@contextmanager
def answering(answer: bytes | None, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Give every connection the same answer and hang up, or say nothing for ever; yield the `host:port`.

    It has threads, since asyncio may drop a connection without closing it if its listener ends meanwhile.

    Args:
        answer: What it says; None for nothing.
        tls: With what it encrypts.
    """

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            # Who does not trust the certificate hangs up.
            with suppress(ConnectionError, ssl.SSLError), ExitStack() as stack:
                connection: socket.socket = self.request
                if tls is not None:
                    connection = stack.enter_context(tls.wrap_socket(connection, server_side=True))
                connection.recv(1 << 16)
                if answer is not None:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()
