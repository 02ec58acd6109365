"""The app's colours: dark, light, the terminal's own, and none."""

import os
from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

AUTO = "auto"
MONO = "mono"

_DARK = Theme(
    name="dark",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#bb9af7",
    foreground="#d5d9e8",
    background="#16161e",
    surface="#1c1d28",
    panel="#262838",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    dark=True,
    variables={"border": "#3b4261", "border-blurred": "#2b2f44", "block-cursor-text-style": "none"},
)
_LIGHT = Theme(
    name="light",
    primary="#2e5cb8",
    secondary="#0f6f83",
    accent="#7a3fc0",
    foreground="#23273a",
    background="#fbfbfd",
    surface="#f1f2f7",
    panel="#e4e6ef",
    success="#3b7a1e",
    warning="#8a5a00",
    error="#b3243f",
    dark=False,
    variables={"border": "#b6bccf", "border-blurred": "#d3d7e3", "block-cursor-text-style": "none"},
)


def _terminal_colours(name: str) -> Theme:
    ansi = BUILTIN_THEMES["ansi-dark"]
    return Theme(
        name=name,
        ansi=True,
        primary=ansi.primary,
        secondary=ansi.secondary,
        accent="ansi_magenta",
        foreground=ansi.foreground,
        background=ansi.background,
        surface=ansi.surface,
        panel=ansi.panel,
        boost=ansi.boost,
        success=ansi.success,
        warning=ansi.warning,
        error=ansi.error,
        variables=dict(ansi.variables),
    )


THEMES: tuple[Theme, ...] = (_DARK, _LIGHT, _terminal_colours("ansi"), _terminal_colours(MONO))


def chosen(wanted: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the theme to start with.

    Args:
        wanted: What the settings ask for; `auto` honours NO_COLOR (https://no-color.org), else it is dark.
        environment: The environment's variables.
    """
    if wanted != AUTO:
        return wanted
    return MONO if environment.get("NO_COLOR") else _DARK.name


def after(name: str) -> str:
    """Return the theme after a given one, cyclically."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
