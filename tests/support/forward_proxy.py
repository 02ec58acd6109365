"""Proxies that lead out of a network, by HTTP and by SOCKS 5; they know names that nobody else knows."""

import socket
import socketserver
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from tests.support.tls import Certificate

ProxyT = TypeVar("ProxyT", bound=socketserver.BaseServer)

LOGIN = "anna:secret"
"""Who may use a proxy that asks."""


class ForwardProxy(ThreadingHTTPServer):
    """An HTTP proxy.

    Args:
        hosts: The real `host:port` of each `host:port` that it leads to.
        refusal: The status it answers everything with; 407 lets those in who have the login.
        certificate: What it shows where it speaks TLS.

    Attributes:
        asked: The method of each request that came.
    """

    daemon_threads = True

    def __init__(
        self, hosts: Mapping[str, str], refusal: int | None, certificate: Certificate | None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarding)
        self.hosts = hosts
        self.refusal = refusal
        self.asked: list[str] = []
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate.file, certificate.key)
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def address(self) -> str:
        """Its `host:port`."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Forwarding(BaseHTTPRequestHandler):
    server: ForwardProxy

    def do_CONNECT(self) -> None:
        if self._refused():
            return
        with _connected(self.server.hosts[self.path]) as far:
            self.send_response(200)
            self.end_headers()
            relay(self.connection, far)
        self.close_connection = True

    def do_GET(self) -> None:
        if self._refused():
            return
        target = urlsplit(self.path)
        asked = HTTPConnection(self.server.hosts[f"{target.hostname}:{target.port or 80}"])
        asked.request(self.command, target._replace(scheme="", netloc="").geturl())
        answer = asked.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        asked.close()

    def _refused(self) -> bool:
        self.server.asked.append(self.command)
        status = self.server.refusal
        login = "Basic " + b64encode(LOGIN.encode()).decode()
        if status is None or (status == 407 and self.headers.get("Proxy-Authorization") == login):
            return False
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def log_request(self, *_: object) -> None:
        pass


class SocksProxy(socketserver.ThreadingTCPServer):
    """A SOCKS 5 proxy without a login.

    Args:
        hosts: As for `ForwardProxy`; it refuses to connect to any other.
    """

    daemon_threads = True

    def __init__(self, hosts: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Socks)
        self.hosts = hosts

    @property
    def address(self) -> str:
        """Its `host:port`."""
        return f"127.0.0.1:{self.server_address[1]}"


_NAME = 3
"""The kind of an address that is a name; any other here is an IPv4 address."""


class _Socks(socketserver.StreamRequestHandler):
    server: SocksProxy

    def handle(self) -> None:
        _version, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        _version, _command, _reserved, kind = self.rfile.read(4)
        if kind == _NAME:
            host = self.rfile.read(self.rfile.read(1)[0]).decode()
        else:
            host = socket.inet_ntoa(self.rfile.read(4))
        port = int.from_bytes(self.rfile.read(2), "big")
        target = self.server.hosts.get(f"{host}:{port}")
        self.wfile.write(bytes([5, 0 if target else 5, 0, 1, 0, 0, 0, 0, 0, 0]))
        if target:
            with _connected(target) as far:
                relay(self.connection, far)


def relay(near: socket.socket, far: socket.socket) -> None:
    """Pass on what either end says until both have ended."""
    back = Thread(target=_pump, args=(far, near))
    back.start()
    _pump(near, far)
    back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One end has gone; the other is told by its own close.
        source.close()


def _connected(address: str) -> socket.socket:
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)))


@contextmanager
def forwarding(
    hosts: Mapping[str, str], refusal: int | None = None, certificate: Certificate | None = None
) -> Iterator[ForwardProxy]:
    """Run an HTTP proxy."""
    with ForwardProxy(hosts, refusal, certificate) as proxy:
        yield from _serving(proxy)


@contextmanager
def forwarding_socks(hosts: Mapping[str, str]) -> Iterator[SocksProxy]:
    """Run a SOCKS proxy."""
    with SocksProxy(hosts) as proxy:
        yield from _serving(proxy)


def _serving(proxy: ProxyT) -> Iterator[ProxyT]:
    thread = Thread(target=proxy.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
