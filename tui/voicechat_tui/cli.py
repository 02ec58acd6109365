"""The command line of the clients. What is heavy is imported when a command needs it."""

from typing import Annotated

import typer
from rich import print as rich_print

from voicechat_common import __version__
from voicechat_common.errors import VoicechatError
from voicechat_tui.commands.locate import locate
from voicechat_tui.commands.replay import EPILOG as REPLAY_EPILOG
from voicechat_tui.commands.replay import replay
from voicechat_tui.replay.exit_codes import exit_code_of

app = typer.Typer(
    name="voicechat-tui",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        rich_print(f"voicechat-tui {__version__}")
        raise typer.Exit


@app.callback()
def voicechat(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Speech in the terminal, as text that grows while it is spoken."""


app.command(epilog=REPLAY_EPILOG)(replay)
app.command()(locate)


def main() -> None:
    """Run the command line; an expected error becomes one message on standard error and an exit status."""
    try:
        app()
    except VoicechatError as error:
        typer.echo(f"error: {error.message}\n       {error.advice}", err=True)
        raise SystemExit(exit_code_of(error)) from error
