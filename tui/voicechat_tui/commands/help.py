"""How the help of the commands looks."""

import inspect
from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from voicechat_tui.console.exit_codes import ExitCode


class HelpfulCommand(TyperCommand):
    """A command whose help is wrapped by the terminal, and shows no type for what takes no value."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.help = _without_line_breaks(self.help)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, as they are shown."""
        return _shown(super().get_params(ctx))


class HelpfulGroup(TyperGroup):
    """A command with commands of its own, whose help looks like theirs."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.help = _without_line_breaks(self.help)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, as they are shown."""
        return _shown(super().get_params(ctx))


def epilog(examples: Mapping[str, str], meaning: Mapping[ExitCode, str]) -> str:
    """Return what stands below the help of a command.

    Args:
        examples: Command lines and what they are for.
        meaning: What each exit status says.
    """
    return "\n".join(
        [
            "[bold]Examples[/bold]",
            *(f"  [dim]# {purpose}[/dim]\n  {line}" for line, purpose in examples.items()),
            "",
            "[bold]Exit status[/bold]",
            *(f"  [bold]{code:>3d}[/bold]  {text}" for code, text in meaning.items()),
        ]
    )


def _shown(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def _without_line_breaks(text: str | None) -> str | None:
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
