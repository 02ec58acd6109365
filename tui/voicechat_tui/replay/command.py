"""The replay command as a whole: what to play, and how."""

from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.running import run
from voicechat_tui.console.screen import Screen
from voicechat_tui.files import paths
from voicechat_tui.journal.store import Journal
from voicechat_tui.language import _
from voicechat_tui.replay.files import replay_files
from voicechat_tui.replay.journal import JournalReplay
from voicechat_tui.replay.options import ReplayOptions
from voicechat_tui.replay.scenario.player import play_scenario


def replay(options: ReplayOptions) -> ExitCode:
    """Run the command and return its exit status. Nothing that a user can cause raises an exception."""
    return run(
        lambda screen, interrupt: _replay(options, screen, interrupt),
        json=options.json,
        on_interrupt=_say_that_it_stops,
    )


async def _replay(options: ReplayOptions, screen: Screen, interrupt: Interrupt) -> ExitCode:
    options = options.checked()
    if options.journal is not None:
        journal = Journal(paths.journal_dir(), max_mb=0)
        return await JournalReplay(journal, options, screen, interrupt).run()
    if options.script is not None:
        return await play_scenario(options, options.script, screen, interrupt)
    return await replay_files(options, screen, interrupt)


def _say_that_it_stops(screen: Screen) -> None:
    screen.note(_("Stopping; what was said so far is still coming. Ctrl+C again quits immediately."))
