"""docs/identity.md: its commands as a person pastes them, and its table as the server goes by it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.support.identity import MEMBERS, ROLES, Giver, asking_for_tokens
from tests.support.programs import require
from tools.documented import PORT, ROOT, commands
from voicechat_server.identity.access import RULES, Action, ChatFacts, refusal
from voicechat_server.identity.authority import wall_clock
from voicechat_server.identity.model import Identity

PAGE = ROOT / "docs" / "identity.md"
TABLE = re.compile(r"<!-- access: begin -->\n(.*?)<!-- access: end -->", re.DOTALL)


def environment(giver: Giver) -> dict[str, str]:
    return os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "VOICECHAT_DATABASE": str(giver.database),
        "VOICECHAT_KEY_FILE": str(giver.key_file),
        "NODE_PATH": "/usr/share/nodejs",
        "NO_PROXY": "*",
    }


def in_order(address: str, *, until: str) -> tuple[str, str]:
    """The page's commands before one that begins so, and that one, for a server at an address."""
    lines = [line.replace(PORT, address) for line in commands(PAGE) if not line.startswith("python main.py")]
    ending = next(number for number, line in enumerate(lines) if line.startswith(until))
    return "\n".join(["set -eo pipefail", *lines[:ending]]), lines[ending]


def test_the_commands_work_one_after_the_other(tmp_path: Path) -> None:
    require("curl", package="curl")
    with asking_for_tokens(tmp_path) as (server, giver):
        script, _ = in_order(server.address, until="wscat ")
        done = subprocess.run(
            ["bash", "-c", script], env=environment(giver), capture_output=True, encoding="utf-8"
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"name":"anna"') == 2
    assert '"chat_list":[]' in done.stdout
    assert '"name":"bob"' in done.stdout
    assert re.search("^Name +anna$", done.stdout, re.MULTILINE)


async def test_wscat_presents_a_token(tmp_path: Path) -> None:
    require("wscat", package="node-ws")
    with asking_for_tokens(tmp_path) as (server, giver):
        _, command = in_order(server.address, until="wscat ")
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            f"exec {command}",
            stdin=PIPE,
            stdout=PIPE,
            env=environment(giver) | {"TOKEN": giver.token("anna")},
        )
        assert process.stdout is not None
        while not (line := (await process.stdout.readline()).decode().lstrip("<> ")).startswith("{"):
            assert line, "wscat has ended"
        assert json.loads(line)["user"] == "anna"
        process.terminate()
        await process.communicate()


def allowed(role: str, action: Action) -> bool:
    """Whether the server lets a role do something, in a chat that somebody owns."""
    if role == "stranger":
        return refusal(None, action) is None
    identity = Identity("s", role, frozenset(ROLES[role]), None, "t", wall_clock())
    owner = role if role == "owner" else "somebody"
    chat = (
        None
        if RULES[action].standing is None
        else ChatFacts("c", owner, is_private=True, is_member=role in MEMBERS)
    )
    return refusal(identity, action, chat) is None


@pytest.mark.parametrize(("page", "yes"), [(PAGE, "yes"), (ROOT / "docs/zh/identity.md", "是")])
def test_the_table_is_the_one_the_server_goes_by(page: Path, yes: str) -> None:
    found = TABLE.search(page.read_text(encoding="utf-8"))
    assert found
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].strip().splitlines()]
    roles = ["stranger", *ROLES]
    if page == PAGE:
        assert rows[0] == ["action", "what", *roles]
    shown = {row[0].strip("`"): [cell == yes for cell in row[2:]] for row in rows[2:]}
    assert shown == {action.value: [allowed(role, action) for role in roles] for action in Action}
