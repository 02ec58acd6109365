"""The replay command as a whole: set up the terminal, play, and turn every outcome into an exit status."""

import asyncio
import os
import sys

from voicechat_common.errors import VoicechatError
from voicechat_tui import paths
from voicechat_tui.journal import Journal
from voicechat_tui.replay.exit_codes import ExitCode, exit_code_of
from voicechat_tui.replay.files import replay_files
from voicechat_tui.replay.interrupt import Interrupt
from voicechat_tui.replay.journal import JournalReplay
from voicechat_tui.replay.options import ReplayOptions
from voicechat_tui.replay.scenario.player import play_scenario
from voicechat_tui.replay.screen import Screen, make_printable


def replay(options: ReplayOptions) -> ExitCode:
    """Run the command and return its exit status. Nothing is raised for what a person can cause."""
    make_printable(sys.stdout, utf8=options.json)
    make_printable(sys.stderr, utf8=False)
    screen = Screen(sys.stdout, sys.stderr)
    try:
        return asyncio.run(_replay(options, screen))
    except VoicechatError as error:
        screen.error(error)
        return exit_code_of(error)
    except BrokenPipeError:
        # Whoever read the output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    finally:
        screen.clear()


async def _replay(options: ReplayOptions, screen: Screen) -> ExitCode:
    options = options.checked()

    def on_first() -> None:
        screen.note("Stopping; what was said so far is still coming. Ctrl+C again quits at once.")

    with Interrupt(on_first) as interrupt:
        try:
            if options.journal is not None:
                journal = Journal(paths.journal_dir(), max_mb=0)
                return await JournalReplay(journal, options, screen, interrupt).run()
            if options.script is not None:
                return await play_scenario(options, options.script, screen, interrupt)
            return await replay_files(options, screen, interrupt)
        except asyncio.CancelledError:
            if not interrupt.asked.is_set():
                raise
            return ExitCode.INTERRUPTED
