"""The dashboard, the alerts, the documentation and the code name the same metrics."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

from tests.support.programs import require
from voicechat_common.errors import ErrorCode
from voicechat_server.metrics import PREFIX, Metrics, Surface

ROOT = Path(__file__).parents[3]
DASHBOARD = ROOT / "deploy" / "grafana" / "voicechat.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
PAGES = (ROOT / "docs" / "monitoring.md", ROOT / "docs" / "zh" / "monitoring.md")
NAME = re.compile(rf"\b(?:{PREFIX}|process)_[a-z_]+\b")
OF_HISTOGRAMS = re.compile(r"_(?:bucket|sum|count)$")


def families() -> dict[str, str]:
    """Every metric the server has, as it is asked for, and its kind."""
    found = {}
    for family in Metrics().registry.collect():
        suffix = "_total" if family.type == "counter" else ""
        found[family.name + suffix] = family.type
    return found


def rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, str]] = group["rules"]
    return found


def in_dashboard() -> list[str]:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def named(expressions: list[str]) -> set[str]:
    """The metrics that expressions name; of a histogram, the histogram."""
    known = families()
    names = {name for expression in expressions for name in NAME.findall(expression)}
    return {name if name in known else OF_HISTOGRAMS.sub("", name) for name in names}


def test_every_metric_named_in_dashboard_and_alerts_is_one() -> None:
    assert named(in_dashboard()) | named([rule["expr"] for rule in rules()]) <= set(families())


def test_every_metric_of_the_server_is_in_the_dashboard() -> None:
    own = {name for name in families() if name.startswith(PREFIX)}
    assert own - named(in_dashboard()) == set()


def test_a_histogram_is_asked_by_its_parts_and_nothing_else_is() -> None:
    known = families()
    for expression in in_dashboard() + [rule["expr"] for rule in rules()]:
        for name in NAME.findall(expression):
            if name not in known:
                assert known[OF_HISTOGRAMS.sub("", name)] == "histogram", expression
            else:
                assert known[name] != "histogram", expression


def test_codes_and_surfaces_that_alerts_ask_for_exist() -> None:
    known = {str(value) for value in (*ErrorCode, *Surface)}
    for rule in rules():
        for _, values in re.findall(r'(code|surface)=~?"([^"]+)"', rule["expr"]):
            assert set(values.split("|")) <= known, rule


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_guide_explains_every_metric_and_every_alert(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    listed = set(re.findall(rf"^\| `({PREFIX}_[a-z_]+)", text, re.MULTILINE))
    assert listed == {name for name in families() if name.startswith(PREFIX)}
    alerts = set(re.findall(r"^\| `(Voicechat\w+)`", text, re.MULTILINE))
    assert alerts == {rule["alert"] for rule in rules() if "alert" in rule}


def test_prometheus_accepts_rules_and_configuration() -> None:
    require("promtool", package="prometheus")
    for command in (["rules", str(ALERTS)], ["config", str(ALERTS.with_name("prometheus.yml"))]):
        done = subprocess.run(["promtool", "check", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_finds_nothing_wrong_with_the_metrics() -> None:
    require("promtool", package="prometheus")
    metrics = Metrics()
    text = generate_latest(metrics.registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
