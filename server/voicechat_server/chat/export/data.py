"""A chat as JSON: one object, with words and their times."""

import json
from collections.abc import AsyncIterator

from voicechat_common.printable import escaped
from voicechat_server.chat.export.pages import pages
from voicechat_server.chat.live import wire
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.chat.storage.store import Store


async def export_json(store: Store, chat: Chat) -> AsyncIterator[str]:
    """Yield the chat, one message a line."""
    people = await store.participants(chat.chat_id)
    head = wire.detail(chat, people, []).model_dump_json(exclude={"messages"})
    yield f'{escaped(head[:-1])},"messages":['
    before = "\n"
    async for page in pages(store, chat):
        yield before + ",\n".join(_json(message) for message in page)
        before = ",\n"
    yield "\n]}\n"


def _json(message: StoredMessage) -> str:
    body = wire.history_message(message).model_dump(mode="json")
    if message.speech is not None:
        body["spoken_at"] = message.speech.spoken_at.isoformat()
        body["words"] = message.speech.words
    return escaped(json.dumps(body, ensure_ascii=False))
