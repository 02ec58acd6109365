"""A real Prometheus scrapes a real server, and understands every question of the dashboard and the alerts."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.programs import require
from tests.support.server import LiveServer, free_port
from tests.support.waiting import until
from tools.documented import PORT, ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture
def prometheus(tmp_path: Path, live_server: LiveServer) -> Iterator[httpx.Client]:
    """One that has scraped the live server, with the project's own configuration."""
    require("prometheus", package="prometheus")
    shutil.copy(DEPLOY / "prometheus" / "alerts.yaml", tmp_path)
    configuration = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    assert PORT in configuration
    quick = configuration.replace(PORT, live_server.address).replace(
        "scrape_interval: 10s", "scrape_interval: 1s"
    )
    (tmp_path / "prometheus.yml").write_text(quick, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={address}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://{address}/api/v1") as http:
            wait_for_a_scrape(http)
            yield http
    finally:
        process.kill()
        process.wait()


def wait_for_a_scrape(http: httpx.Client) -> None:
    until(lambda: is_scraped(http), lambda: "nothing was scraped")


def is_scraped(http: httpx.Client) -> bool:
    try:
        return bool(ask(http, 'voicechat_ready{job="voicechat"}'))
    except httpx.TransportError:
        return False


def ask(http: httpx.Client, expression: str) -> list[dict[str, Any]]:
    answer = http.get("/query", params={"query": expression})
    if answer.status_code == 503:  # it is starting
        return []
    assert answer.json()["status"] == "success", f"{expression}: {answer.text}"
    result: list[dict[str, Any]] = answer.json()["data"]["result"]
    return result


def test_every_question_is_understood(prometheus: httpx.Client) -> None:
    board = json.loads((DEPLOY / "grafana" / "voicechat.json").read_text(encoding="utf-8"))
    questions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(questions) > 30
    for question in questions:
        ask(prometheus, question.replace("$job", "voicechat").replace("$__rate_interval", "1m"))
    (streams,) = ask(prometheus, 'sum(voicechat_streams_max{job="voicechat"})')
    assert int(streams["value"][1]) >= 1
    (group,) = prometheus.get("/rules").json()["data"]["groups"]
    assert len(group["rules"]) == 12
    assert all(rule.get("lastError", "") == "" for rule in group["rules"])
