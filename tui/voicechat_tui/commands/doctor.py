"""`voicechat-tui doctor`: its options and its help."""

from typing import Annotated

import typer

from voicechat_tui.commands.server import UrlOption


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    listen: Annotated[
        bool,
        typer.Option("--microphone/--no-microphone", help="Check microphones, and listen to one for 2 s."),
    ] = True,
    url: UrlOption = None,
) -> None:
    """Check the terminal, the files, the server and the microphone.

    Says of each how it stands and what to do next. The exit status is 0 if
    nothing is a problem, 1 otherwise.
    """
    from voicechat_tui.doctor.run import DoctorOptions, examine

    raise typer.Exit(0 if examine(DoctorOptions(url=url, json=json, listen=listen)) else 1)
