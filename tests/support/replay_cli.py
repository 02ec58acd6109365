"""Running `voicechat-tui` as a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass

from tests.support.waiting import WITHIN_S


@dataclass(frozen=True)
class Ended:
    """What a process left behind."""

    code: int
    out: str
    err: str


async def start_replay(
    *arguments: str, stdin: int = asyncio.subprocess.DEVNULL, stderr: int = PIPE
) -> Process:
    """Start `replay`; the caller ends it."""
    return await start_tui("replay", *arguments, stdin=stdin, stderr=stderr)


async def start_tui(*arguments: str, stdin: int = asyncio.subprocess.DEVNULL, stderr: int = PIPE) -> Process:
    """Start the command line; the caller ends it."""
    program = "from voicechat_tui.cli import main; main()"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *arguments,
        stdin=stdin,
        stdout=PIPE,
        stderr=stderr,
        env=environment,
    )


async def ended(process: Process, data: bytes | None = None) -> Ended:
    """Wait for a process; one that hangs is killed, which no test expects."""
    try:
        async with asyncio.timeout(WITHIN_S):
            out, err = await process.communicate(data)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), (err or b"").decode())


async def replay(*arguments: str, data: bytes | None = None) -> Ended:
    """Run `replay` to its end, with data for its standard input."""
    return await tui("replay", *arguments, data=data)


async def tui(*arguments: str, data: bytes | None = None) -> Ended:
    """Run the command line to its end, with data for its standard input."""
    stdin = asyncio.subprocess.DEVNULL if data is None else PIPE
    return await ended(await start_tui(*arguments, stdin=stdin), data)
