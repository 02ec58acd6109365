"""One run of a command in a terminal: its screen, Ctrl+C, and every outcome as an exit status."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from voicechat_common.errors import VoicechatError
from voicechat_tui.console import exit_codes
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.screen import Screen, into_nowhere, make_printable
from voicechat_tui.logs.late_log import logged_late

Command = Callable[[Screen, Interrupt], Awaitable[ExitCode]]


def run(
    command: Command,
    *,
    json: bool,
    on_interrupt: Callable[[Screen], None] = lambda _: None,
    exit_code_of: Callable[[VoicechatError], ExitCode] = exit_codes.exit_code_of,
) -> ExitCode:
    """Run a command and return its exit status. Nothing that a user can cause raises an exception.

    Args:
        command: Does the work.
        json: Whether standard output is meant for programs.
        on_interrupt: Called at the first Ctrl+C.
        exit_code_of: Maps an error to its exit status.
    """
    make_printable(sys.stdout, utf8=json)
    make_printable(sys.stderr, utf8=False)
    screen = Screen(sys.stdout, sys.stderr)
    try:
        with logged_late():
            return asyncio.run(_interruptible(command, screen, on_interrupt))
    except VoicechatError as error:
        screen.error(error)
        return exit_code_of(error)
    except BrokenPipeError:
        # The reader of the output has seen enough.
        into_nowhere(sys.stdout)
        return ExitCode.OK
    finally:
        screen.clear()


async def _interruptible(
    command: Command, screen: Screen, on_interrupt: Callable[[Screen], None]
) -> ExitCode:
    with Interrupt(lambda: on_interrupt(screen)) as interrupt:
        try:
            return await command(screen, interrupt)
        except asyncio.CancelledError:
            if not interrupt.asked.is_set():
                raise
            return ExitCode.INTERRUPTED
