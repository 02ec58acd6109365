"""Conversion between JSON text frames and messages, with errors that name the field and the remedy."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe

MessageT = TypeVar("MessageT")


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
        adapter: Validates a union of message classes, discriminated by their `type` field.
        types: The known values of `type`, for the advice in an error.
        heard: Sanitises what arrives, before anything else looks at it.
    """

    def __init__(
        self,
        adapter: TypeAdapter[MessageT],
        types: Iterable[str],
        heard: Callable[[object], object] = lambda value: value,
    ) -> None:
        self._adapter = adapter
        self._types = tuple(types)
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
        known = ", ".join(self._types)
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            raise VoicechatError(
                ErrorCode.UNKNOWN_TYPE,
                "The message is not a JSON object with a text field 'type'.",
                f"Set 'type' to one of: {known}.",
            )
        kind = data["type"]
        if kind not in self._types:
            raise VoicechatError(
                ErrorCode.UNKNOWN_TYPE,
                f"The message type {kind[:64]!r} is not known here.",
                f"Use one of: {known}.",
            )
        try:
            return self._adapter.validate_python(data)
        except ValidationError as error:
            raise VoicechatError(
                ErrorCode.BAD_FIELD,
                f"The message {kind!r} has a field that can't be used: "
                f"{describe(error).replace(f'{kind}.', '')}.",
                "Correct the field and send the message again; docs/protocol.md lists the fields.",
            ) from error
