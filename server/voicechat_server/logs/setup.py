"""Sets up logging: readable lines on a terminal, JSON lines elsewhere, for this project and its libraries."""

import logging
import os
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from voicechat_server.logs.flood import Flood
from voicechat_server.logs.secrets import hide_secrets

OWN_LOGGERS = ("voicechat_server", "voicechat_common")

_LONGEST_VALUE = 1000
_LONGEST_TRACEBACK = 10_000
_UNSEEN = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
"""What a terminal or log viewer interprets, or can't show: controls, line ends, changes of direction."""

_HARMFUL = re.compile(f"[\x00-\x1f{_UNSEEN}]")
_HARMFUL_IN_JSON = re.compile(f"[{_UNSEEN}]")


_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process to one stream in one form.

    What people say is never logged: at no level does a line carry recognised text.

    Args:
        level: The least severity of this project's lines. Libraries stay at warnings, or at `info` under
            `debug`: their debug lines show frames and rows, and so what people say.
        stream: Where the lines go; standard error unless given.
    """
    target = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if target.isatty()
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(target)
    handler.addFilter(Flood())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(target)],
        )
    )
    severity = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO if severity == logging.DEBUG else max(severity, logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(severity)


def _render(target: TextIO) -> list[Processor]:
    if target.isatty():
        colors = not os.environ.get("NO_COLOR")
        # Tracebacks with the values of variables would reveal what was said.
        return [
            structlog.processors.format_exc_info,
            hide_secrets,
            _bounded,
            _harmless,
            structlog.dev.ConsoleRenderer(
                colors=colors, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
            ),
        ]
    return [structlog.processors.format_exc_info, hide_secrets, _bounded, _json_line]


def _bounded(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Truncate what strangers made long. A traceback keeps its start and its end."""
    return {key: _cut(key, value) if isinstance(value, str) else value for key, value in event.items()}


def _cut(key: str, value: str) -> str:
    if key == "exception":
        half = _LONGEST_TRACEBACK // 2
        return value if len(value) <= 2 * half else f"{value[:half]}\n…\n{value[-half:]}"
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"


def _harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make visible what a terminal would interpret, as some values come from strangers."""
    return {key: _shown(key, value) if isinstance(value, str) else value for key, value in event.items()}


def _shown(key: str, value: str) -> str:
    if key == "exception":
        return "\n".join(_HARMFUL.sub(_picture, line) for line in value.split("\n"))
    return _HARMFUL.sub(_picture, value)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _json_line(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """Return an event as one line of JSON, which nothing in it can break or reverse."""
    line = str(_JSON(logger, method, event))
    return _HARMFUL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
