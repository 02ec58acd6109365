"""Conversion between JSON text frames and messages, with errors that name the field and the remedy."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe

_ANY_OFFSET = timedelta(days=2)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _ANY_OFFSET, datetime.max.replace(tzinfo=UTC) - _ANY_OFFSET


def _check_moment(value: datetime) -> datetime:
    if not _FIRST <= value <= _LAST:
        raise ValueError("it must be a time that every clock can represent")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_check_moment)]
"""A time with its UTC offset, which can be shown in any time zone."""


class Message(BaseModel):
    """Base of everything on the wire: immutable, tolerant of unknown fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)


MessageT = TypeVar("MessageT", bound=Message)


class ErrorMessage(Message):
    """Something went wrong: what, and what to do. After a fatal one the server closes the socket."""

    type: Literal["error"] = "error"
    code: ErrorCode | str
    message: str
    advice: str
    retry_after_s: float | None = None
    fatal: bool = False

    @classmethod
    def of(cls, error: VoicechatError, *, fatal: bool = False, **more: Any) -> Self:
        """Return an error as it goes over the wire, with what else the message has."""
        return cls(
            code=error.code,
            message=error.message,
            advice=error.advice,
            retry_after_s=error.retry_after_s,
            fatal=fatal,
            **more,
        )


def encode(message: BaseModel) -> str:
    """Return the JSON text of one message."""
    return message.model_dump_json()


class Decoder(Generic[MessageT]):
    """Decodes the text frames of one direction of one socket.

    Args:
        kinds: The known message classes, each with a `type` of its own.
        heard: Sanitises what arrives, before anything else looks at it.
    """

    def __init__(
        self, kinds: Iterable[type[MessageT]], heard: Callable[[object], object] = lambda value: value
    ) -> None:
        self._kinds: dict[str, type[MessageT]] = {kind.model_fields["type"].default: kind for kind in kinds}
        self._heard = heard

    def decode(self, text: str | bytes) -> MessageT:
        """Return the message in a text frame.

        Raises:
            VoicechatError: `bad_json`, `unknown_type` or `bad_field`; the connection can go on after each.
        """
        try:
            data = self._heard(from_json(text))
        except ValueError as error:
            raise VoicechatError(
                ErrorCode.BAD_JSON,
                f"The text frame is not JSON: {error}.",
                'Send one JSON object per text frame, such as {"type": "ping"}; send audio as binary frames.',
            ) from error
        known = ", ".join(self._kinds)
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            raise VoicechatError(
                ErrorCode.UNKNOWN_TYPE,
                "The message is not a JSON object with a text field 'type'.",
                f"Set 'type' to one of: {known}.",
            )
        kind = data["type"]
        if kind not in self._kinds:
            raise VoicechatError(
                ErrorCode.UNKNOWN_TYPE,
                f"The message type {kind[:64]!r} is not known here.",
                f"Use one of: {known}.",
            )
        try:
            return self._kinds[kind].model_validate(data)
        except ValidationError as error:
            raise VoicechatError(
                ErrorCode.BAD_FIELD,
                f"The message {kind!r} has a field that can't be used: {describe(error)}.",
                "Correct the field and send the message again; docs/protocol.md lists the fields.",
            ) from error
