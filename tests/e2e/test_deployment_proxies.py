"""The settings of nginx and Caddy that docs/deployment.md shows, run by nginx and Caddy."""

import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.support.chat_server import chat_serving
from tests.support.forward_proxy import forwarding
from tests.support.front import running
from tests.support.programs import require
from tests.support.replay_cli import replay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import LiveServer, demo_settings, free_port, serving, wait_until_listening
from tests.support.tls import Certificate, make_certificate
from tools.documented import DEPLOYMENT, blocks

SERVER = "127.0.0.1:8000"
SITE = "chat.example.com"
DOCUMENTED_CERTIFICATE = f"/etc/letsencrypt/live/{SITE}"


Changes = dict[str, str]
Proxy = Callable[[Path, int, str, Certificate, Changes], list[str]]

CADDY_PROXY = f"reverse_proxy {SERVER}"
UNDER_A_PATH = {
    "nginx takes it off": (
        "nginx",
        {
            "location / {": "location /voice/ {",
            f"proxy_pass http://{SERVER};": f"proxy_pass http://{SERVER}/;",
        },
    ),
    "nginx passes it on": ("nginx", {"location / {": "location /voice/ {"}),
    "caddy takes it off": ("caddy", {CADDY_PROXY: f"handle_path /voice/* {{\n{CADDY_PROXY}\n}}"}),
    "caddy passes it on": ("caddy", {CADDY_PROXY: f"handle /voice/* {{\n{CADDY_PROXY}\n}}"}),
}
"""By case: which proxy, and what of its documented settings is written otherwise."""


def nginx(directory: Path, port: int, server: str, certificate: Certificate, changes: Changes) -> list[str]:
    """Write what nginx reads; return how it is started."""
    require("nginx", package="nginx")
    (block,) = blocks(DEPLOYMENT, "nginx")
    changed = replaced(
        replaced(block, changes),
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


def caddy(directory: Path, port: int, server: str, certificate: Certificate, changes: Changes) -> list[str]:
    """Write what Caddy reads; return how it is started."""
    require("caddy", package="caddy")
    (block,) = blocks(DEPLOYMENT, "caddy")
    changed = replaced(
        replaced(block, changes),
        {
            SITE + " {": f"{SITE}:{port}, localhost:{port} {{\n    tls {certificate.file} {certificate.key}",
            SERVER: server,
        },
    )
    configuration = directory / "Caddyfile"
    configuration.write_text(f"{{\n    admin off\n    auto_https off\n}}\n{changed}", encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]


PROXIES: dict[str, Proxy] = {"nginx": nginx, "caddy": caddy}


def replaced(text: str, changes: Changes) -> str:
    """Put this machine's addresses and files in place of the documented ones."""
    for documented, here in changes.items():
        assert documented in text
        text = text.replace(documented, here)
    return text


@pytest.fixture(scope="module")
def public_server() -> Iterator[LiveServer]:
    """A server that listens for its own machine, and knows the address at which a proxy offers it."""
    (address,) = {*re.findall(r"VOICECHAT_PUBLIC_URL=(https://\S+\.com)`", DEPLOYMENT.read_text("utf-8"))}
    with serving(demo_settings(public_url=address)) as server:
        yield server


@pytest.mark.parametrize("proxy", PROXIES.values())
async def test_a_proxy_ends_tls_and_passes_everything_on_but_metrics(
    proxy: Proxy,
    public_server: LiveServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = make_certificate(tmp_path, SITE)
    port = free_port()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with (
        running(proxy(tmp_path, port, public_server.address, certificate, {}), tmp_path),
        forwarding({f"{SITE}:443": f"localhost:{port}"}) as way,
    ):
        wait_until_listening(f"http://localhost:{port}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{way.address}")
        trusting = ssl.create_default_context(cafile=str(certificate.file))
        async with httpx.AsyncClient(base_url=f"https://{SITE}", verify=trusting) as http:
            assert (await http.get("/ready")).json()["ready"] is True
            assert (await http.get("/metrics")).status_code == 403
        ended = await replay("--url", f"wss://{SITE}/ws", str(DIRECTORY / "complaint.wav"))
    assert (ended.code, ended.out.strip()) == (0, transcripts()["complaint"]), ended.err


@pytest.mark.parametrize("case", UNDER_A_PATH)
async def test_a_proxy_offers_the_server_under_a_path(case: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate.file))
    port = free_port()
    base = f"https://localhost:{port}/voice"
    name, changes = UNDER_A_PATH[case]
    with (
        chat_serving(tmp_path / "chats.db", public_url=base, cors_origins="") as server,
        running(PROXIES[name](tmp_path, port, server.address, certificate, changes), tmp_path),
    ):
        wait_until_listening(f"http://localhost:{port}")
        await documentation_works(base, trusting)
        async with httpx.AsyncClient(verify=trusting) as http:
            (where,) = (await http.get(f"{base}/openapi.json")).json()["servers"]
            assert (await http.get(urljoin(base, where["url"]) + "/health")).status_code == 200
        page = {"Origin": f"https://localhost:{port}"}
        async with httpx.AsyncClient(verify=trusting, headers=page) as http:
            created = await http.post(f"{base}/chat", json={"user_id": "anna", "title": "Lobby"})
            found = await http.get(urljoin(base, created.headers["location"]))
            assert found.json()["title"] == "Lobby"
        socket = f"wss://localhost:{port}/voice/chatting?id=lobby"
        async with connect(socket, ssl=trusting, origin=Origin(page["Origin"])) as client:
            assert "connection_established" in str(await client.recv())


@pytest.mark.parametrize("case", [case for case in UNDER_A_PATH if case.endswith("off")])
async def test_the_pages_need_not_know_the_path(case: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate.file))
    port = free_port()
    name, changes = UNDER_A_PATH[case]
    with (
        chat_serving(tmp_path / "chats.db") as server,
        running(PROXIES[name](tmp_path, port, server.address, certificate, changes), tmp_path),
    ):
        wait_until_listening(f"http://localhost:{port}")
        await documentation_works(f"https://localhost:{port}/voice", trusting)


async def documentation_works(base: str, trusting: ssl.SSLContext) -> None:
    """Follow every link of the pages, as a browser does."""
    async with httpx.AsyncClient(verify=trusting, follow_redirects=True) as http:
        for address in (f"{base}/docs", f"{base}/docs/", f"{base}/redoc"):
            page = await http.get(address)
            assert str(page.url) == address.rstrip("/")
            links = re.findall(r"""(?:src|href|spec-url|url)(?:=|: )["']([^"']+)["']""", page.text)
            assert len(links) >= 3
            for link in links:
                assert (await http.get(urljoin(str(page.url), link))).status_code == 200, link
