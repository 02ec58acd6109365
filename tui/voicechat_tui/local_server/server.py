"""Starting a server as a child of this process, and stopping it with this process."""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Self

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _
from voicechat_tui.local_server import child
from voicechat_tui.local_server.installation import require

LISTENS_WITHIN_S = 60.0
ENDS_WITHIN_S = child.LONGEST_END_S + 5
_LOOK_S = 0.1
_TOLD_LINES = 3


class LocalServer:
    """A server with the demo model on a free port of this machine. An async context manager.

    Once entered, the server answers, though it may still be loading its model. On exit, or if this process
    dies in any way, the server finishes the streams it has and exits.

    Args:
        directory: Where its chats and its log are kept.

    Attributes:
        log: Its log, which is overwritten at each start.
        url: Its address, once it answers.
    """

    def __init__(self, directory: Path) -> None:
        self.log = directory / "local-server.log"
        self.url = ""
        self._directory = directory
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            VoicechatError: `missing_dependency` if it isn't installed, `server_unreachable` if it doesn't
                start.
        """
        require()
        self._process = await self._start()
        try:
            async with asyncio.timeout(LISTENS_WITHIN_S):
                self.url = await self._address(self._process)
        except TimeoutError as error:
            await self._end()
            raise self._did_not_start() from error
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._end()

    async def _start(self) -> Process:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with self.log.open("wb") as log:
                return await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    child.__name__,
                    *self._arguments(),
                    stdin=PIPE,
                    stdout=log,
                    stderr=log,
                    # Neither Ctrl+C nor the end of the terminal reaches it: it exits when its standard
                    # input closes.
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
        except OSError as error:
            raise VoicechatError(
                ErrorCode.SERVER_UNREACHABLE,
                _("No server can be started here: {reason}.", reason=error.strerror),
                _("Free up space on this machine, or use --url to name a running server."),
            ) from error

    def _arguments(self) -> list[str]:
        arguments = ["serve", "--model", "demo", "--host", "127.0.0.1", "--port", "0", "--log-level", "info"]
        if not os.environ.get("VOICECHAT_DATABASE"):
            arguments += ["--database", str(self._directory / "local-chats.db")]
        return arguments

    async def _address(self, process: Process) -> str:
        """Wait for the log line that says where the server is listening."""
        while True:
            ended = process.returncode is not None
            for line in await asyncio.to_thread(self._log_lines):
                if address := _listening_at(line):
                    return address
            if ended:
                raise self._did_not_start()
            await asyncio.sleep(_LOOK_S)

    def _log_lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()

    def _did_not_start(self) -> VoicechatError:
        last = " ".join(line for line in self._log_lines()[-_TOLD_LINES:] if not line.startswith("{"))
        return VoicechatError(
            ErrorCode.SERVER_UNREACHABLE,
            _("The local server did not start. {last}", last=last).strip(),
            _("Its log is {path}. You can also use --url to name a running server.", path=self.log),
        )

    async def _end(self) -> None:
        """Let it shut down cleanly; kill it if it doesn't."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _listening_at(line: str) -> str | None:
    """Return the address in a line of the server's log, if it has one."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said.get("http") if isinstance(said, dict) and said.get("event") == "listening" else None
