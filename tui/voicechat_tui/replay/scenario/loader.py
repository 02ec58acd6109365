"""Loading a scenario, with errors that name the key and the closest known one."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from voicechat_common.audio_file import AudioFile
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import reason as wrong
from voicechat_tui.language import _, listed
from voicechat_tui.replay.scenario.model import STEPS, Play, Scenario, Speaker
from voicechat_tui.settings.toml_file import toml_mistake

_NEAR = 60
"""The similarity, out of 100, from which a known key is worth suggesting."""


def load_scenario(path: Path) -> Scenario:
    """Load a scenario from a TOML file, and check that all its recordings can be opened.

    Raises:
        VoicechatError: `bad_script` if the file can't be used, `bad_audio_file` if a recording can't.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        scenario = Scenario.model_validate(tomllib.loads(text))
    except OSError as error:
        raise _bad(path, [_("it can't be read: {reason}", reason=error.strerror)]) from error
    except UnicodeDecodeError as error:
        raise _bad(
            path, [_("it is not UTF-8 text, from byte {position} on", position=error.start)]
        ) from error
    except tomllib.TOMLDecodeError as error:
        line, column, why = toml_mistake(error, text)
        reason = _(
            "it is not TOML: line {line}, column {column}: {reason}", line=line, column=column, reason=why
        )
        raise _bad(path, [reason]) from error
    except ValidationError as error:
        raise _bad(path, [_describe(item) for item in error.errors(include_url=False)]) from error
    for speaker in scenario.speakers:
        for step in speaker.steps:
            if isinstance(step, Play):
                AudioFile(path.parent / step.play).close()
    return scenario


def _bad(path: Path, reasons: Iterable[str]) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SCRIPT,
        "\n".join([_("The scenario {path} can't be used:", path=path), *(f"  {each}" for each in reasons)]),
        _("docs/replay.md describes scenarios."),
    )


def _describe(item: ErrorDetails) -> str:
    location = item["loc"]
    # A step's location also includes the tag of its kind, which is not a key in the file.
    keys = [*location[:4], *location[5:]] if len(location) > 4 and location[2] == "steps" else [*location]
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
    match item["type"]:
        case "extra_forbidden":
            near = _nearest(str(keys[-1]), _known_keys(location))
            return _("{path}: there is no such key", path=path) + near
        case "union_tag_not_found":
            given = item["input"] if isinstance(item["input"], dict) else {}
            near = next((hint for key in given if (hint := _nearest(key, STEPS))), "")
            return _("{path}: a step needs one of {steps}", path=path, steps=listed(STEPS)) + near
        case _:
            return _("{path}: {reason}", path=path or _("the file"), reason=wrong(item))


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are valid where an unknown one was found."""
    model: type[BaseModel] = Scenario
    if len(location) > 4 and location[2] == "steps":
        model = STEPS[str(location[4])]
    elif len(location) > 1:
        model = Speaker
    return [field.alias or name for name, field in model.model_fields.items()]


def _nearest(key: str, known: Iterable[str]) -> str:
    """Return a question that suggests the known key most similar to an unknown one, if there is one."""
    found = process.extractOne(key.lower(), list(known), score_cutoff=_NEAR)
    return _("; did you mean {name}?", name=repr(found[0])) if found else ""
