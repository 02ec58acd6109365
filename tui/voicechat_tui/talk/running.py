"""What `say` and `tail` have in common: the terminal, Ctrl+C, and every outcome as an exit status."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.http import HttpClient
from voicechat_tui.replay.exit_codes import ExitCode
from voicechat_tui.replay.interrupt import Interrupt
from voicechat_tui.replay.screen import Screen, make_printable
from voicechat_tui.talk.exit_codes import exit_code_of

Command = Callable[[Screen, Interrupt], Awaitable[ExitCode]]


def run(command: Command, *, json: bool) -> ExitCode:
    """Run a command and return its exit status. Nothing is raised for what a person can cause.

    Args:
        command: Does the work.
        json: Whether standard output is for programs.
    """
    make_printable(sys.stdout, utf8=json)
    make_printable(sys.stderr, utf8=False)
    screen = Screen(sys.stdout, sys.stderr)
    try:
        return asyncio.run(_interruptible(command, screen))
    except VoicechatError as error:
        screen.error(error)
        return exit_code_of(error)
    except BrokenPipeError:
        # Whoever read the output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    finally:
        screen.clear()


def policy(reconnect_s: float) -> ChatPolicy:
    """Return the limits of a command that does not wait for the network for ever."""
    usual = ChatPolicy()
    return replace(usual, lost_s=reconnect_s, unreachable_s=min(usual.unreachable_s, reconnect_s))


async def last_seq(server: str, chat_id: str) -> int | None:
    """Return the seq of a chat's last message, or None if there is no such chat."""
    async with HttpClient(server) as http:
        try:
            return (await http.chat(chat_id, limit=1)).message_count
        except VoicechatError as error:
            if error.code is ErrorCode.NOT_FOUND:
                return None
            raise


async def _interruptible(command: Command, screen: Screen) -> ExitCode:
    with Interrupt(lambda: None) as interrupt:
        try:
            return await command(screen, interrupt)
        except asyncio.CancelledError:
            if not interrupt.asked.is_set():
                raise
            return ExitCode.INTERRUPTED
