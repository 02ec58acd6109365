"""The look of the commands' help, and their errors for a wrong command line, in the user's language."""

import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.language import _, mark, understood

_TITLES = {
    "ARGUMENTS_PANEL_TITLE": mark("Arguments"),
    "OPTIONS_PANEL_TITLE": mark("Options"),
    "COMMANDS_PANEL_TITLE": mark("Commands"),
    "ERRORS_PANEL_TITLE": mark("Error"),
    "RICH_HELP": mark("Try [blue]'{command_path} {help_option}'[/] for help."),
    "DEFAULT_STRING": mark("[default: {}]"),
    "REQUIRED_LONG_STRING": mark("[required]"),
}
"""Texts that the library that draws all this keeps in constants."""


class Epilog(str):
    """The text below the help of a command.

    Args:
        examples: Command lines, and what they are for.
        meaning: What each exit status says.

    Attributes:
        meaning: What each exit status says.
    """

    _examples: Mapping[str, str]
    meaning: Mapping[ExitCode, str]

    def __new__(cls, examples: Mapping[str, str], meaning: Mapping[ExitCode, str]) -> "Epilog":
        """Build the English text."""
        self = super().__new__(cls, _epilog(examples, meaning))
        self._examples, self.meaning = examples, meaning
        return self

    @property
    def texts(self) -> list[str]:
        """The English texts it is built from."""
        return [*self._examples.values(), *self.meaning.values()]

    def said(self) -> str:
        """Return it in the language of the interface."""
        return _epilog(
            {line: _(purpose) for line, purpose in self._examples.items()},
            {code: _(text) for code, text in self.meaning.items()},
        )


def _epilog(examples: Mapping[str, str], meaning: Mapping[ExitCode, str]) -> str:
    return "\n".join(
        [
            f"[bold]{_('Examples')}[/bold]",
            *(f"  [dim]# {purpose}[/dim]\n  {line}" for line, purpose in examples.items()),
            "",
            f"[bold]{_('Exit status')}[/bold]",
            *(f"  [bold]{code:>3d}[/bold]  {text}" for code, text in meaning.items()),
        ]
    )


class _Helpful:
    """What commands and groups have in common.

    Attributes:
        texts: Their own texts, in English: the help, the epilog, and the help of each parameter.
    """

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.texts: dict[str, Any] = {
            "help": _without_line_breaks(getattr(self, "help", None)),
            "epilog": getattr(self, "epilog", None),
        }
        self.help = self.texts["help"]

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, as they are shown."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.metavar is None:
                parameter.metavar = ""
        return parameters

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usage line."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_("Usage: "))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help in the language of the settings or the locale."""
        _choose_language()
        _draw_in_language()
        self.speak(ctx)
        super().format_help(ctx, formatter)  # type: ignore[misc]

    def speak(self, ctx: Any) -> None:
        """Switch to the language of the interface."""
        epilog = self.texts["epilog"]
        self.help = _said(self.texts["help"])
        self.epilog = epilog.said() if isinstance(epilog, Epilog) else epilog
        for parameter in self.get_params(ctx):
            for name in ("help", "rich_help_panel"):
                english = self.texts.setdefault(f"{parameter.name} {name}", getattr(parameter, name, None))
                setattr(parameter, name, _said(english))


class HelpfulCommand(_Helpful, TyperCommand):
    """A command whose help is wrapped by the terminal and shows no type for options without a value."""


class HelpfulGroup(_Helpful, TyperGroup):
    """A command with subcommands, whose help looks like theirs."""

    def speak(self, ctx: Any) -> None:
        """Switch to the language of the interface, with all commands."""
        super().speak(ctx)
        for command in self.commands.values():
            if isinstance(command, _Helpful):
                command.speak(ctx)

    def make_context(self, *arguments: Any, **values: Any) -> Any:
        """Parse the command line."""
        with _mistakes_told():
            return super().make_context(*arguments, **values)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _mistakes_told():
            return super().invoke(ctx)


@contextmanager
def _mistakes_told() -> Iterator[None]:
    """Report what is wrong with a command line in this project's words and the user's language."""
    try:
        yield
    except TyperException as error:
        from pydantic import ValidationError

        from voicechat_common.mistakes import reason
        from voicechat_tui.redaction import redacted

        _choose_language()
        _draw_in_language()
        if isinstance(error.__cause__, ValidationError):
            error.message = reason(error.__cause__.errors()[0])
        words = redacted(understood(error.format_message()))
        error.format_message = lambda: words  # type: ignore[method-assign]
        raise


def _choose_language() -> None:
    """Use the language of the settings, if there are any: they cost a tenth of a second to import."""
    from voicechat_tui.files import paths

    if "VOICECHAT_TUI_LANGUAGE" in os.environ or paths.config_file().exists():
        from voicechat_tui.commands.server import choose_language

        choose_language(json="--json" in sys.argv)


def _draw_in_language() -> None:
    from rich.table import Table
    from typer import rich_utils

    class FoldingTable(Table):
        """A table that doesn't truncate text without spaces, such as Chinese."""

        def add_row(self, *renderables: Any, **values: Any) -> None:
            super().add_row(*renderables, **values)
            for column in self.columns:
                column.overflow = "fold"

    for name, text in _TITLES.items():
        setattr(rich_utils, name, _(text))
    rich_utils.Table = FoldingTable  # type: ignore[attr-defined]


def _said(english: str | None) -> str | None:
    return None if english is None else _(english)


def _without_line_breaks(text: str | None) -> str | None:
    if text is None:
        return None
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
