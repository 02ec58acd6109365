"""`voicechat-tui whoami`: its options and its help."""

from typing import Annotated

import typer

from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import address, choose_language
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui whoami": "on the server of the settings",
        "voicechat-tui whoami https://voice.example --json | jq -r .name": "for programs",
    },
    {
        ExitCode.OK: "the server knows you, or asks nobody who they are",
        ExitCode.FAILED: "the server failed, or the command crashed",
        ExitCode.USAGE: "the command line or a setting is invalid, or the file of the logins can't be used",
        ExitCode.UNREACHABLE: "no server, or it does not know you",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
    },
)


def whoami(
    server: Annotated[
        str | None,
        typer.Argument(
            metavar="ADDRESS", help="The address of a server; the one of the settings if left out."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Show who you are to a server, what you may do there, and until when."""
    from voicechat_tui.account.whoami import whoami as run

    choose_language(json=json)
    raise typer.Exit(run(address(server), json=json))
