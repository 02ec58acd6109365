"""docs/deployment.md shows only commands that work. What needs Docker is compared with the files it uses."""

import json
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main

from tests.support.programs import require
from tests.support.replay_cli import replay
from tests.support.samples import transcripts
from tests.support.server import LiveServer
from tools.documented import DEPLOYMENT, ROOT, blocks, commands, curl_commands
from voicechat_server.cli import app as server
from voicechat_server.settings.model import Settings, variable
from voicechat_tui.identity.own_token import TOKEN_VARIABLE

CHINESE = ROOT / "docs" / "zh" / "deployment.md"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
TEXT = DEPLOYMENT.read_text(encoding="utf-8")
COMMANDS = commands(DEPLOYMENT)

RUN_ELSEWHERE = {
    "pip install -r requirements.txt": (
        "Makefile",
        "pip install -r requirements.txt",
        "install -r requirements.txt",
    ),
    "python download_model.py": ("tests/integration/test_model_download_processes.py", "download_model.py"),
    "python main.py": ("tests/support/server_process.py", "main.py"),
}
"""Commands that the tests of other files run, and the name by which these know them."""


def docker_commands(*words: str) -> list[list[str]]:
    """The documented Docker commands that begin so, in words."""
    split = [shlex.split(line) for line in COMMANDS if line.startswith("docker ")]
    return [line for line in split if line[1 : 1 + len(words)] == list(words)]


def values(command: list[str], option: str) -> list[str]:
    """What a command gives for an option, each time."""
    return [value for name, value in pairwise(command) if name == option]


def rows(first: str) -> dict[str, list[str]]:
    """The rows of the table whose first heading is given, by their first cell without its quotes."""
    table = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert table
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[1].splitlines()]
    return {row[0]: row[1:] for row in cells}


def test_every_command_is_run_by_a_test_or_needs_docker() -> None:
    others = [line for line in COMMANDS if line.split()[0] not in ("curl", "docker", "voicechat-tui")]
    assert sorted(others) == sorted(RUN_ELSEWHERE)
    for file, *names in RUN_ELSEWHERE.values():
        assert any(name in (ROOT / file).read_text(encoding="utf-8") for name in names)


def test_the_curl_commands(live_server: LiveServer) -> None:
    require("curl", package="curl")
    calls = curl_commands(DEPLOYMENT, live_server.address)
    assert len(calls) == 6
    for call in calls:
        done = subprocess.run(shlex.split(call), capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, ""), call
        assert done.stdout, call


async def test_the_client_commands(live_server: LiveServer) -> None:
    lines = [shlex.split(line) for line in COMMANDS if line.startswith("voicechat-tui ")]
    # The second goes to a proxy, and is run through one in test_deployment_proxies.py.
    assert [values(line, "--url") for line in lines] == [[], ["wss://chat.example.com/ws"]]
    for line in lines:
        ended = await replay("--url", f"{live_server.ws}/ws", str(ROOT / line[-1]))
        assert (ended.code, ended.out.strip()) == (0, transcripts()[Path(line[-1]).stem])


def test_the_issue_s_two_lines_stand_as_written() -> None:
    assert "docker build -t voice-chat-backend ." in COMMANDS
    assert "docker run -p 8000:8000 voice-chat-backend" in COMMANDS


def test_build_arguments_are_those_of_the_dockerfile() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)=(\S*)$", DOCKERFILE, re.MULTILINE))
    documented = {name.strip("`"): cells[0].strip("`") for name, cells in rows("`--build-arg`").items()}
    assert documented == arguments
    given = [value for line in docker_commands("build") for value in values(line, "--build-arg")]
    assert {value.partition("=")[0] for value in given} <= set(arguments)


def test_the_dockerfile_and_the_settings_have_the_same_defaults() -> None:
    for name in ("MODEL", "HUB", "MODEL_REVISION"):
        field = name.lower()
        defaults = set(re.findall(rf"^ARG {name}=(.*)$", DOCKERFILE, re.MULTILINE))
        assert defaults == {Settings.model_fields[field].default}


def test_variables_of_containers_are_settings() -> None:
    named = set(re.findall(r"VOICECHAT_\w+", DOCKERFILE + COMPOSE + " ".join(COMMANDS)))
    assert named <= {variable(field) for field in Settings.model_fields} | {TOKEN_VARIABLE}


def test_images_and_stages_exist() -> None:
    built = {values(line, "-t")[0] for line in docker_commands("build")}
    run = {
        word
        for line in docker_commands("run")
        for word in line
        if re.fullmatch("voice-chat-[^:]+(:cuda)?", word)
    }
    assert run <= built
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)
    targets = [target for line in docker_commands("build") for target in values(line, "--target")]
    assert targets == ["client"]
    assert "client" in stages
    assert stages[-1] == "server"


def test_volumes_are_those_of_the_image() -> None:
    (declared,) = re.findall(r"^VOLUME (.*)$", DOCKERFILE, re.MULTILINE)
    volumes = json.loads(declared)
    mounted = [value for line in docker_commands("run") for value in values(line, "-v")]
    assert sorted(volume.rpartition(":")[2] for volume in mounted) == sorted(volumes)
    assert all(f"| `{volume}` |" in TEXT for volume in volumes)


def test_compose_commands_and_variables() -> None:
    for line in docker_commands("compose"):
        assert all(f"profiles: [{profile}]" in COMPOSE for profile in values(line, "--profile"))
        for service in {"server-gpu", "smoke"} & set(line):
            assert f"\n  {service}:\n" in COMPOSE
    documented = re.findall(r"`(\w+)`", " ".join(rows("variable")))
    assert sorted(documented) == sorted(set(re.findall(r"\$\{(\w+)", COMPOSE)))


def test_options_in_running_text_exist() -> None:
    serve = {
        name for parameter in typer.main.get_group(server).commands["serve"].params for name in parameter.opts
    }
    for option in ("--model", "--host", "--port"):
        assert option in TEXT
        assert option in serve


@pytest.mark.parametrize("language", ["nginx", "caddy", "sh"])
def test_the_chinese_guide_shows_the_same_commands_and_files(language: str) -> None:
    if language == "sh":
        assert commands(CHINESE) == COMMANDS
    else:
        assert blocks(CHINESE, language) == blocks(DEPLOYMENT, language)


def test_the_chinese_guide_names_the_same_things() -> None:
    chinese = CHINESE.read_text(encoding="utf-8")
    names = [name for name in re.findall(r"`([^`\n]+)`", TEXT) if name.isascii()]
    assert [name for name in names if f"`{name}`" not in chinese] == []
