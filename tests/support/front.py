"""nginx and Caddy before a server, each with all the ways people set them up: well and badly."""

import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import require
from tests.support.server import free_port, wait_until_listening
from tests.support.tls import Certificate

PREFIX = "/voice"
LOGIN = "anna:secret"


@dataclass(frozen=True)
class Front:
    """The ports of a proxy that stands before a server, on all addresses of this machine.

    Attributes:
        tls: Speaks TLS; the server is at `/`, and under `PREFIX`.
        plain: Redirects everything to `tls`: by 301, under `/moved` to `PREFIX` by 308, `/circle` to itself.
        no_upgrade: Passes on everything but the Upgrade header.
        dead: Leads to a server that is not there.
        login: Asks for `LOGIN`.
        forbidden: Lets nobody in.
    """

    tls: int
    plain: int
    no_upgrade: int
    dead: int
    login: int
    forbidden: int


def nginx_files(directory: Path, front: Front, server: str, certificate: Certificate) -> list[str]:
    """Write what nginx reads; return how it is started."""
    require("nginx", package="nginx")
    temporary = "".join(
        f"{kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    upgrade = (
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    )
    login = b64encode(LOGIN.encode()).decode()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        f"""daemon off; pid {directory}/pid; error_log stderr; events {{}}
        http {{ access_log off; {temporary}
        server {{ listen {front.tls} ssl;
            ssl_certificate {certificate.file}; ssl_certificate_key {certificate.key};
            location / {{ proxy_pass http://{server}; {upgrade} }}
            location {PREFIX}/ {{ proxy_pass http://{server}/; {upgrade} }} }}
        server {{ listen {front.plain};
            location / {{ return 301 https://localhost:{front.tls}$request_uri; }}
            location /circle/ {{ return 302 $request_uri; }}
            location /moved/ {{ rewrite ^/moved/(.*) /$1;
                return 308 https://localhost:{front.tls}{PREFIX}$uri$is_args$args; }} }}
        server {{ listen {front.no_upgrade}; location / {{ proxy_pass http://{server}; }} }}
        server {{ listen {front.dead}; location / {{ proxy_pass http://127.0.0.1:1; }} }}
        server {{ listen {front.login}; location / {{
            if ($http_authorization != "Basic {login}") {{ return 401; }}
            proxy_pass http://{server}; {upgrade} }} }}
        server {{ listen {front.forbidden}; location / {{ deny all; }} }}
        }}""",
        encoding="utf-8",
    )
    return ["nginx", "-e", "stderr", "-c", str(configuration)]


def caddy_files(directory: Path, front: Front, server: str, certificate: Certificate) -> list[str]:
    """Write what Caddy reads; return how it is started."""
    require("caddy", package="caddy")
    _name, _colon, password = LOGIN.partition(":")
    hashed = subprocess.run(
        ["caddy", "hash-password", "--plaintext", password], check=True, capture_output=True, text=True
    ).stdout.strip()
    configuration = directory / "Caddyfile"
    configuration.write_text(
        f"""{{
            admin off
            auto_https off
        }}
        https://localhost:{front.tls}, https://voice.example:{front.tls} {{
            tls {certificate.file} {certificate.key}
            handle_path {PREFIX}/* {{
                reverse_proxy {server}
            }}
            reverse_proxy {server}
        }}
        http://:{front.plain} {{
            handle /circle/* {{
                redir {{uri}} 302
            }}
            handle_path /moved/* {{
                redir https://localhost:{front.tls}{PREFIX}{{uri}} 308
            }}
            handle {{
                redir https://localhost:{front.tls}{{uri}} 301
            }}
        }}
        http://:{front.no_upgrade} {{
            request_header -Upgrade
            request_header -Connection
            reverse_proxy {server}
        }}
        http://:{front.dead} {{
            reverse_proxy 127.0.0.1:1
        }}
        http://:{front.login} {{
            basicauth {{
                anna {hashed}
            }}
            reverse_proxy {server}
        }}
        http://:{front.forbidden} {{
            respond 403
        }}
        """,
        encoding="utf-8",
    )
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]


MakeFiles = Callable[[Path, Front, str, Certificate], list[str]]


@contextmanager
def front_of(files: MakeFiles, directory: Path, server: str, certificate: Certificate) -> Iterator[Front]:
    """Run a proxy before a server.

    Args:
        files: Which proxy.
        directory: For its files.
        server: The server's `host:port`.
        certificate: What it shows.
    """
    front = Front(*(free_port() for _ in Front.__dataclass_fields__))
    with running(files(directory, front, server, certificate), directory):
        for port in (front.plain, front.forbidden):
            wait_until_listening(f"http://localhost:{port}")
        yield front


@contextmanager
def running(command: list[str], directory: Path) -> Iterator[None]:
    """Run a program that has no end of its own; what it says is in the file `log`."""
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | {"HOME": str(directory)}
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)
