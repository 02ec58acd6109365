"""`voicechat-tui doctor`: its options and its help."""

from typing import Annotated

import typer

from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import UrlOption
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui doctor": "before the first talk",
        "voicechat-tui doctor --url voice.example:8000": "whether a server can be used from here",
        "voicechat-tui doctor --json --no-microphone": "for programs, without listening",
    },
    {
        ExitCode.OK: "there is no problem",
        ExitCode.FAILED: "there is a problem, or the command crashed",
        ExitCode.USAGE: "the command line is invalid",
    },
)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    listen: Annotated[
        bool,
        typer.Option("--microphone/--no-microphone", help="Check microphones, and listen to one for 2 s."),
    ] = True,
    url: UrlOption = None,
) -> None:
    """Check the terminal, the files, the server and the microphone.

    Reports the result of each check and what to do next.
    """
    from voicechat_tui.doctor.run import DoctorOptions, examine

    is_well = examine(DoctorOptions(url=url, json=json, listen=listen))
    raise typer.Exit(ExitCode.OK if is_well else ExitCode.FAILED)
