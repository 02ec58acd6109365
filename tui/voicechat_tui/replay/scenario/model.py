"""What a scenario file may contain."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from voicechat_common.protocol.speech import ChunkSize, Identifier, check_chunk_size
from voicechat_tui.language import _

Seconds = Annotated[float, Field(ge=0, le=3600)]
Speed = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Play(_Strict):
    """Plays a recording; the path is relative to the scenario."""

    play: str = Field(min_length=1)
    speed: Speed | None = None


class Silence(_Strict):
    """Sends silence, as an open microphone in a quiet room does."""

    silence: Seconds


class Wait(_Strict):
    """Sends nothing for some seconds; the stream's time stands still."""

    wait: Seconds


class Flush(_Strict):
    """Ends the current segment."""

    flush: Literal[True]


class Cut(_Strict):
    """Drops the connection without closing it properly; the client resumes the stream by itself."""

    cut: Literal[True]


class Stop(_Strict):
    """Ends the stream. Only `wait` and `expect` may follow."""

    stop: Literal[True]


class Expect(_Strict):
    """Expects a text.

    Attributes:
        expect: The text. Spaces, punctuation and case don't count.
        max_cer: The highest character error rate allowed.
        of: "segment" is the last final since the speaker's previous expectation, "stream" all finals so far.
        within_s: How long to wait for it.
    """

    expect: str
    max_cer: float = Field(0.0, ge=0, le=1)
    of: Literal["segment", "stream"] = "segment"
    within_s: Seconds = 10.0


STEPS: dict[str, type[_Strict]] = {
    "play": Play,
    "silence": Silence,
    "wait": Wait,
    "flush": Flush,
    "cut": Cut,
    "stop": Stop,
    "expect": Expect,
}


def action_of(step: object) -> str | None:
    """Return the action a step states, or None if it states none."""
    keys = step if isinstance(step, dict) else vars(step) if isinstance(step, BaseModel) else ()
    return next((key for key in STEPS if key in keys), None)


Step = Annotated[
    Annotated[Play, Tag("play")]
    | Annotated[Silence, Tag("silence")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Flush, Tag("flush")]
    | Annotated[Cut, Tag("cut")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[Expect, Tag("expect")],
    Discriminator(action_of),
]


class Speaker(_Strict):
    """One speaker, with a separate stream; the name is also the user's name."""

    name: Identifier
    steps: list[Step] = Field(min_length=1)
    chat: Identifier | None = None
    chunk_size: ChunkSize | None = None
    endpointing: bool | None = None

    @field_validator("chunk_size")
    @classmethod
    def _possible_chunk_size(cls, value: ChunkSize | None) -> ChunkSize | None:
        return value if value is None else check_chunk_size(value)

    @field_validator("steps")
    @classmethod
    def _nothing_is_said_after_stop(cls, steps: list[Step]) -> list[Step]:
        actions = [action_of(step) for step in steps]
        if "stop" in actions:
            after = actions[actions.index("stop") + 1 :]
            if set(after) - {"wait", "expect"}:
                raise ValueError(_("after stop only wait and expect can follow"))
        return steps


class Scenario(_Strict):
    """A scenario."""

    title: str = ""
    speed: Speed = 1.0
    speakers: list[Speaker] = Field(alias="speaker", min_length=1)

    @model_validator(mode="after")
    def _speakers_have_names_of_their_own(self) -> "Scenario":
        names = [speaker.name for speaker in self.speakers]
        if len(set(names)) < len(names):
            raise ValueError(_("two speakers have the same name"))
        return self
