"""The command `voicechat-server`."""

import logging
from collections.abc import Sequence
from typing import Annotated

import structlog
import typer

from voicechat_common import __version__
from voicechat_common.errors import VoicechatError
from voicechat_server.commands.identity import invite, keys_app, token_app
from voicechat_server.commands.models import models_app
from voicechat_server.commands.serve import serve
from voicechat_server.logs.setup import configure_logging

log = structlog.stdlib.get_logger(__name__)

app = typer.Typer(
    name="voicechat-server",
    help="Streaming speech recognition for chats, over HTTP and WebSockets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve)
app.command()(invite)
app.add_typer(token_app, name="token")
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voicechat-server {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error becomes one message on standard error and exit status 1.

    An unexpected one is also logged in full.

    Args:
        arguments: What follows the command's name; the process's own arguments if not given.
    """
    try:
        app(args=arguments)
    except VoicechatError as error:
        typer.echo(f"Error: {error.message}\n{error.advice}", err=True)
        raise SystemExit(1) from error
    except Exception as error:
        if not logging.getLogger().handlers:
            configure_logging("info")
        log.critical("the command crashed", exc_info=error)
        typer.echo("Error: voicechat-server crashed; the log line above has the details.", err=True)
        raise SystemExit(1) from error
