"""Exports chats as files, page by page, so that a long chat needs no more memory than a short one."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from voicechat_common.protocol.chat_http import ExportFormat
from voicechat_server.chat.export.data import export_json
from voicechat_server.chat.export.markdown import export_markdown
from voicechat_server.chat.export.plain import export_text
from voicechat_server.chat.export.subtitles import export_subtitles
from voicechat_server.chat.records import Chat
from voicechat_server.chat.storage.store import Store


class Exporter(NamedTuple):
    """One export format.

    Attributes:
        media_type: Its media type in HTTP.
        export: Yields its text in pieces.
    """

    media_type: str
    export: Callable[[Store, Chat], AsyncIterator[str]]


EXPORTERS = {
    ExportFormat.TXT: Exporter("text/plain; charset=utf-8", export_text),
    ExportFormat.MD: Exporter("text/markdown; charset=utf-8", export_markdown),
    ExportFormat.SRT: Exporter("application/x-subrip; charset=utf-8", export_subtitles),
    ExportFormat.JSON: Exporter("application/json", export_json),
}
