"""Reading the settings so that a mistake in them never keeps the client from starting."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from voicechat_common.errors import VoicechatError
from voicechat_tui import paths
from voicechat_tui.language import _
from voicechat_tui.settings.model import ENV_PREFIX, Settings, shown_value, variable
from voicechat_tui.settings.toml_file import bad_setting, parse, position, read_text, shown_place


@dataclass(frozen=True)
class Loaded:
    """The settings of this process.

    Attributes:
        settings: What holds: the default takes the place of every value that can't be used.
        problem: All that is wrong with what was given, or None.
        path: The settings file, whether or not it exists.
        fixed: The fields that an environment variable decides, so that changing the file changes nothing now.
    """

    settings: Settings
    problem: VoicechatError | None
    path: Path
    fixed: frozenset[str] = frozenset()

    def required(self) -> Settings:
        """Return the settings, for a command that nobody watches.

        Raises:
            VoicechatError: `bad_setting` if anything is wrong with them.
        """
        if self.problem is not None:
            raise self.problem
        return self.settings


def load(environment: Mapping[str, str] | None = None) -> Loaded:
    """Return the settings of the file, with the environment's in their places.

    Args:
        environment: The variables; those of the process unless given.
    """
    path = paths.config_file()
    given = _Given(path, os.environ if environment is None else environment)
    settings, problems = given.validated()
    problem = None
    if problems:
        advice = dict.fromkeys(problem.advice for problem in problems)
        problem = bad_setting(" ".join(problem.message for problem in problems), " ".join(advice))
    return Loaded(settings, problem, path, frozenset(given.variables))


class _Given:
    """What the file and the environment say."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._problems: list[VoicechatError] = []
        self._text = ""
        values: dict[str, object] = {}
        try:
            self._text = read_text(path)
            values = parse(self._text, path)
        except VoicechatError as error:
            self._problems.append(error)
        names = {variable(field): field for field in Settings.model_fields}
        self.variables = {field: environment[name] for name, field in names.items() if environment.get(name)}
        self._problems += self._unknown_keys(values)
        self._problems += _unknown_variables(environment, names)
        known = {key: value for key, value in values.items() if key in Settings.model_fields}
        self._values = {**known, **self.variables}

    def validated(self) -> tuple[Settings, list[VoicechatError]]:
        """Return the settings that are left without the wrong ones, and what is wrong with those."""
        values = self._values
        while True:
            try:
                return Settings.model_validate(values), self._problems
            except ValidationError as error:
                details = error.errors(include_url=False, include_context=False)
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
        field = str(detail["loc"][0])
        value = self.variables.get(field, detail["input"])
        keys = tuple(part for part in detail["loc"] if isinstance(part, str))
        place = variable(field) if field in self.variables else self._place(keys)
        return bad_setting(
            _(
                "{place}: {name} is {value}: {reason}.",
                place=place,
                name=".".join(keys),
                value=shown_value(field, value),
                reason=detail["msg"].removeprefix("Value error, ").removesuffix("."),
            ),
            _(Settings.model_fields[field].description or ""),
        )

    def _place(self, keys: tuple[str, ...]) -> str:
        found = position(self._text, keys)
        if found is None:
            return str(self._path)
        return shown_place(self._path, *found)


def _unknown_variables(environment: Mapping[str, str], known: Mapping[str, str]) -> Iterator[VoicechatError]:
    allowed = {*known, *paths.VARIABLES}
    for name in sorted(environment):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in allowed:
            yield bad_setting(
                _("The environment variable {name} is no setting.", name=name),
                _did_you_mean(name.upper(), sorted(allowed)),
            )


def _did_you_mean(name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return _("Did you mean {nearest}? docs/settings.md lists all of them.", nearest=nearest)
