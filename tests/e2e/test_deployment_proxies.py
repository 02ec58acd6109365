"""The settings of nginx and Caddy that docs/deployment.md shows, run by nginx and Caddy."""

import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.programs import require
from tests.support.replay_cli import replay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import LiveServer, free_port, wait_until_listening
from tests.support.tls import Certificate, make_certificate
from tools.documented import DEPLOYMENT, blocks

SERVER = "127.0.0.1:8000"
SITE = "chat.example.com"
DOCUMENTED_CERTIFICATE = f"/etc/letsencrypt/live/{SITE}"


def nginx(directory: Path, port: int, server: str, certificate: Certificate) -> list[str]:
    """Write what nginx reads; return how it is started."""
    require("nginx", package="nginx")
    (block,) = blocks(DEPLOYMENT, "nginx")
    changed = replaced(
        block,
        {
            "listen 443": f"listen 127.0.0.1:{port}",
            SERVER: server,
            f"{DOCUMENTED_CERTIFICATE}/fullchain.pem": str(certificate.file),
            f"{DOCUMENTED_CERTIFICATE}/privkey.pem": str(certificate.key),
        },
    )
    temporary = "".join(
        f"{kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = directory / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {directory}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off;\n{temporary}{changed}}}\n",
        encoding="utf-8",
    )
    return ["nginx", "-e", "stderr", "-c", str(configuration)]


def caddy(directory: Path, port: int, server: str, certificate: Certificate) -> list[str]:
    """Write what Caddy reads; return how it is started."""
    require("caddy", package="caddy")
    (block,) = blocks(DEPLOYMENT, "caddy")
    changed = replaced(
        block,
        {SITE + " {": f"localhost:{port} {{\n    tls {certificate.file} {certificate.key}", SERVER: server},
    )
    configuration = directory / "Caddyfile"
    configuration.write_text(f"{{\n    admin off\n    auto_https off\n}}\n{changed}", encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]


def replaced(text: str, changes: dict[str, str]) -> str:
    """Put this machine's addresses and files in place of the documented ones."""
    for documented, here in changes.items():
        assert documented in text
        text = text.replace(documented, here)
    return text


@contextmanager
def running(command: list[str], directory: Path) -> Iterator[None]:
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


@pytest.mark.parametrize("proxy", [nginx, caddy])
async def test_a_proxy_ends_tls_and_passes_everything_on_but_metrics(
    proxy: Callable[[Path, int, str, Certificate], list[str]],
    live_server: LiveServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = make_certificate(tmp_path)
    port = free_port()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with running(proxy(tmp_path, port, live_server.address, certificate), tmp_path):
        wait_until_listening(f"http://localhost:{port}")
        trusting = ssl.create_default_context(cafile=str(certificate.file))
        async with httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=trusting) as http:
            assert (await http.get("/ready")).json()["ready"] is True
            assert (await http.get("/metrics")).status_code == 403
        ended = await replay("--url", f"wss://localhost:{port}/ws", str(DIRECTORY / "complaint.wav"))
    assert (ended.code, ended.out.strip()) == (0, transcripts()["complaint"]), ended.err
