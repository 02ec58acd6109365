"""Dockerfile, .dockerignore and compose.yaml agree with each other and with the server."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.programs import require
from voicechat_server.api.server import CANCEL_GRACE_S
from voicechat_server.settings.model import Settings

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVERS = [COMPOSE["services"][name] for name in ("server", "server-gpu")]


def copied() -> set[str]:
    """The top-level names that the Dockerfile copies from the project."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
    return {source.partition("/")[0] for line in lines for source in line.split()[:-1]}


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == copied()
    assert all((ROOT / name).exists() for name in copied())


def test_compose_is_understood_by_compose() -> None:
    require("docker-compose", package="docker-compose")
    profiles = ["--profile", "gpu", "--profile", "smoke"]
    command = ["docker-compose", "--file", str(ROOT / "compose.yaml"), *profiles, "config"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    services = yaml.safe_load(done.stdout)["services"]
    assert sorted(services) == ["server", "server-gpu", "smoke"]
    assert services["server"]["deploy"]["resources"]["limits"] == {"cpus": 2.0, "memory": "4g"}
    assert services["server"]["environment"]["VOICECHAT_THREADS"] == "2"
    for server in ("server", "server-gpu"):
        assert services[server]["environment"]["VOICECHAT_AUTH"] == "token"
    assert "VOICECHAT_TUI_TOKEN" in services["smoke"]["environment"]
    assert "VOICECHAT_DEVICE" not in services["server"]["environment"]
    assert services["server-gpu"]["environment"]["VOICECHAT_DEVICE"] == "cuda:0"


def test_only_the_server_on_cpus_runs_without_a_profile() -> None:
    profiles = {name: service.get("profiles") for name, service in COMPOSE["services"].items()}
    assert profiles == {"server": None, "server-gpu": ["gpu"], "smoke": ["smoke"]}


def test_servers_are_limited_and_keep_their_data() -> None:
    (declared,) = re.findall(r"^VOLUME (.*)$", DOCKERFILE, re.MULTILINE)
    volumes = json.loads(declared)
    for service in SERVERS:
        assert sorted(volume.partition(":")[2] for volume in service["volumes"]) == sorted(volumes)
        assert {volume.partition(":")[0] for volume in service["volumes"]} == set(COMPOSE["volumes"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


def test_the_image_says_who_may_use_it_and_keeps_its_keys_with_the_chats() -> None:
    assert re.search(r"^ +VOICECHAT_AUTH=none$", DOCKERFILE, re.MULTILINE)
    places = re.findall(r"VOICECHAT_(?:DATABASE|KEY_FILE)=(\S+)/", DOCKERFILE)
    assert places == ["/var/lib/voicechat"] * 2


def test_a_stopped_container_has_time_for_its_finals() -> None:
    needed = Settings.model_fields["shutdown_grace_s"].default + CANCEL_GRACE_S
    for service in SERVERS:
        assert float(service["stop_grace_period"].removesuffix("s")) > needed


def test_the_smoke_test_waits_for_a_healthy_server() -> None:
    smoke = COMPOSE["services"]["smoke"]
    assert smoke["depends_on"] == {"server": {"condition": "service_healthy"}}
    assert smoke["build"]["target"] == "client"
    assert "HEALTHCHECK" in DOCKERFILE
    sample = smoke["command"][-1].removeprefix("/samples/")
    assert (ROOT / "server/voicechat_server/asr/demo_model/samples" / sample).is_file()


@pytest.mark.parametrize("compute", ["cpu", "cu130"])
def test_a_build_with_the_wrong_pytorch_is_refused(compute: str) -> None:
    """The PyTorch of the tests may be the one or the other."""
    told = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.version.cuda)"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    status = int((told.stdout == "None\n") != (compute == "cpu"))
    joined = DOCKERFILE.replace("\\\n", "")
    (check,) = (line for line in joined.splitlines() if "torch.version.cuda" in line)
    words = shlex.split(check.removeprefix("RUN ").replace("${COMPUTE}", compute))
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == status, done.stderr
    assert ("change COMPUTE or TORCH_INDEX" in done.stderr) == bool(status)
