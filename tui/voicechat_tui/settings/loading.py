"""Reading the settings so that a mistake in them never keeps the client from starting."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum, auto
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from voicechat_common.errors import VoicechatError
from voicechat_common.mistakes import reason
from voicechat_tui.files import paths
from voicechat_tui.identity.own_token import TOKEN_VARIABLE
from voicechat_tui.language import _
from voicechat_tui.settings.model import ENV_PREFIX, Settings, shown_value, variable
from voicechat_tui.settings.toml_file import bad_setting, parse, position, read_text, shown_place


class Source(Enum):
    """Where the value of a setting comes from; an earlier source takes precedence over a later one."""

    OPTION = auto()
    VARIABLE = auto()
    FILE = auto()
    DEFAULT = auto()


@dataclass(frozen=True)
class Loaded:
    """The settings of this process.

    Attributes:
        settings: The settings in effect: a value that can't be used is replaced by the default.
        problem: Everything that is wrong with the given settings, or None.
        path: The settings file, whether or not it exists.
        sources: Where each value that is not a default comes from.
    """

    settings: Settings
    problem: VoicechatError | None
    path: Path
    sources: Mapping[str, Source] = field(default_factory=dict)

    def source(self, key: str) -> Source:
        """Return where the value of a setting comes from."""
        return self.sources.get(key, Source.DEFAULT)

    def required(self) -> Settings:
        """Return the settings, for a command that usually runs unattended.

        Raises:
            VoicechatError: `bad_setting` if anything is wrong with them.
        """
        if self.problem is not None:
            raise self.problem
        return self.settings


def load(
    environment: Mapping[str, str] | None = None, options: Mapping[str, str | None] | None = None
) -> Loaded:
    """Return the settings from the file, overridden by the environment, overridden by the command line.

    Args:
        environment: The variables; those of the process unless given.
        options: What the command line says, already checked; None for what it doesn't say.
    """
    path = paths.config_file()
    said = {key: value for key, value in (options or {}).items() if value is not None}
    given = _Given(path, os.environ if environment is None else environment, said)
    settings, problems, sources = given.validated()
    problem = None
    if problems:
        advice = dict.fromkeys(problem.advice for problem in problems)
        problem = bad_setting(" ".join(problem.message for problem in problems), " ".join(advice))
    return Loaded(settings, problem, path, sources)


class _Given:
    """The values from the file, the environment and the command line."""

    def __init__(self, path: Path, environment: Mapping[str, str], options: Mapping[str, str]) -> None:
        self._path = path
        self._problems: list[VoicechatError] = []
        self._text = ""
        values: dict[str, object] = {}
        try:
            self._text = read_text(path)
            values = parse(self._text, path)
        except VoicechatError as error:
            self._problems.append(error)
        names = {variable(key): key for key in Settings.model_fields}
        self.variables = {key: environment[name] for name, key in names.items() if environment.get(name)}
        self._problems += self._unknown_keys(values)
        self._problems += _unknown_variables(environment, names)
        known = {key: value for key, value in values.items() if key in Settings.model_fields}
        self._values = {**known, **self.variables, **options}
        self._sources = {
            **dict.fromkeys(known, Source.FILE),
            **dict.fromkeys(self.variables, Source.VARIABLE),
            **dict.fromkeys(options, Source.OPTION),
        }

    def validated(self) -> tuple[Settings, list[VoicechatError], dict[str, Source]]:
        """Return the valid settings, what is wrong with the others, and the sources of the valid ones."""
        values = self._values
        while True:
            try:
                return (
                    Settings.model_validate(values),
                    self._problems,
                    {key: self._sources[key] for key in values},
                )
            except ValidationError as error:
                details = error.errors(include_url=False)
                self._problems += [self._wrong(detail) for detail in details]
                wrong = {detail["loc"][0] for detail in details}
                values = {key: value for key, value in values.items() if key not in wrong}

    def _unknown_keys(self, values: Mapping[str, object]) -> Iterator[VoicechatError]:
        for key in values:
            if key not in Settings.model_fields:
                yield bad_setting(
                    _("{place}: there is no setting {name}.", place=self._place((key,)), name=key),
                    _did_you_mean(key, list(Settings.model_fields)),
                )

    def _wrong(self, detail: ErrorDetails) -> VoicechatError:
        key = str(detail["loc"][0])
        value = self.variables.get(key, detail["input"])
        keys = tuple(part for part in detail["loc"] if isinstance(part, str))
        place = variable(key) if key in self.variables else self._place(keys)
        return bad_setting(
            _(
                "{place}: {name} is {value}: {reason}.",
                place=place,
                name=".".join(keys),
                value=shown_value(key, value),
                reason=reason(detail),
            ),
            _(Settings.model_fields[key].description or ""),
        )

    def _place(self, keys: tuple[str, ...]) -> str:
        found = position(self._text, keys)
        if found is None:
            return str(self._path)
        return shown_place(self._path, *found)


def _unknown_variables(environment: Mapping[str, str], known: Mapping[str, str]) -> Iterator[VoicechatError]:
    allowed = {*known, *paths.VARIABLES, TOKEN_VARIABLE}
    for name in sorted(environment):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in allowed:
            yield bad_setting(
                _("The environment variable {name} is not a setting.", name=name),
                _did_you_mean(name.upper(), sorted(allowed)),
            )


def _did_you_mean(name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return _("Did you mean {nearest}? docs/settings.md lists all of them.", nearest=nearest)
