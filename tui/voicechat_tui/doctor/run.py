"""All checks, one after another."""

import asyncio
import sys
from dataclasses import dataclass

from rich.console import Console

from voicechat_tui import language
from voicechat_tui.console import native_stderr
from voicechat_tui.console.screen import make_printable
from voicechat_tui.doctor import files, report, terminal
from voicechat_tui.doctor.finding import Finding, is_well
from voicechat_tui.doctor.microphone import LISTENS_S, check_microphone
from voicechat_tui.doctor.server import check_server
from voicechat_tui.files import paths
from voicechat_tui.journal.store import Journal
from voicechat_tui.language import _
from voicechat_tui.logs.log_file import LogFile
from voicechat_tui.settings.loading import Loaded, load
from voicechat_tui.sources.microphone.devices import DeviceName, InputDevice
from voicechat_tui.sources.microphone.portaudio import SoundSystem


@dataclass(frozen=True)
class DoctorOptions:
    """One call of the command.

    Attributes:
        url: The server, instead of the one in the settings.
        json: Whether the report is for programs.
        listen: Whether to check microphones.
    """

    url: str | None = None
    json: bool = False
    listen: bool = True


def examine(options: DoctorOptions) -> bool:
    """Check everything and print the report; return whether there is no problem."""
    loaded = load()
    language.use(loaded.settings.chosen_language)
    seen = terminal.look()
    make_printable(sys.stdout, utf8=options.json)
    make_printable(sys.stderr, utf8=False)
    with LogFile(paths.log_file(), loaded.settings.log_level) as log, native_stderr.into(log):
        findings = terminal.judge(seen)
        findings.append(files.check_config(loaded))
        findings.append(files.check_log(log))
        findings += asyncio.run(_ask(options, loaded))
    if options.json:
        sys.stdout.write(report.as_json(findings) + "\n")
    else:
        Console(highlight=False, emoji=False).print(report.table(findings))
    return is_well(findings)


async def _ask(options: DoctorOptions, loaded: Loaded) -> list[Finding]:
    settings = loaded.settings
    journal = Journal(paths.journal_dir(), settings.journal_max_mb)
    findings = [await asyncio.to_thread(files.check_journal, journal, is_kept=settings.journal)]
    findings += await check_server(options.url or settings.url)
    if options.listen:
        wished = None if settings.device is None else DeviceName(settings.device, settings.host_api)
        findings += await check_microphone(SoundSystem(), wished, _say_something)
    return findings


def _say_something(device: InputDevice) -> None:
    Console(stderr=True, highlight=False).print(
        _(
            "Speak into {device} now: the check listens for {seconds:.0f} s.",
            device=device.id,
            seconds=LISTENS_S,
        ),
        markup=False,
    )
