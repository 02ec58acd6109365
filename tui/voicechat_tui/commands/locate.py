"""`voicechat-tui locate`: where the client keeps its files."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voicechat_tui.commands.help import Epilog
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.files import paths


class Place(StrEnum):
    """What can be located."""

    CONFIG = "config"
    LOG = "log"
    DATA = "data"
    JOURNAL = "journal"


EPILOG = Epilog(
    {
        'less "$(voicechat-tui locate log)"': "read the log",
        '$EDITOR "$(voicechat-tui locate config)"': "write the settings",
    },
    {ExitCode.OK: "printed", ExitCode.USAGE: "the command line is invalid"},
)
PLACES: dict[Place, Callable[[], Path]] = {
    Place.CONFIG: paths.config_file,
    Place.LOG: paths.log_file,
    Place.DATA: paths.data_dir,
    Place.JOURNAL: paths.journal_dir,
}


def locate(
    place: Annotated[
        Place | None, typer.Argument(metavar="PLACE", help="What to locate; everything if left out.")
    ] = None,
) -> None:
    """Print where settings, log, data and journal are, whether or not they exist yet.

    VOICECHAT_TUI_CONFIG, VOICECHAT_TUI_LOG and VOICECHAT_TUI_DATA name other locations; the journal is
    in the data directory.
    """
    if place is not None:
        typer.echo(PLACES[place]())
        return
    for name, path in PLACES.items():
        typer.echo(f"{name:8} {path()}")
