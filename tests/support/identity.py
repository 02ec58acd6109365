"""Servers that ask for tokens, and tokens for them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_server.identity.authority import Authority, Invited, Issued, wall_clock
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.model import PARTICIPANT, Scope
from voicechat_server.identity.registry import Registry

DAY = timedelta(days=1)
ROLES = {
    "reader": {Scope.READ},
    "writer": {Scope.READ, Scope.WRITE},
    "speaker": {Scope.READ, Scope.SPEAK},
    "outsider": {Scope.READ, Scope.WRITE, Scope.SPEAK},
    "owner": {Scope.READ, Scope.WRITE},
    "admin": {Scope.ADMIN},
}
"""The roles of docs/identity.md, with the scopes of their tokens."""
MEMBERS = ("reader", "writer", "speaker")
"""Those that are members of a private chat."""
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Giver:
    """Gives out tokens beside a server, as the commands do.

    Attributes:
        database: The database of the server.
        key_file: The keys of the server.
    """

    database: Path
    key_file: Path

    def token(
        self,
        name: str,
        scopes: Collection[Scope] = PARTICIPANT,
        chats: Collection[str] | None = None,
        lasts: timedelta = DAY,
    ) -> str:
        """A token of somebody."""
        return self.issued(name, scopes, chats, lasts).text

    def issued(
        self,
        name: str,
        scopes: Collection[Scope] = PARTICIPANT,
        chats: Collection[str] | None = None,
        lasts: timedelta = DAY,
    ) -> Issued:
        """A token of somebody, and what it says."""

        async def issue(authority: Authority) -> Issued:
            return await authority.issue(name, scopes, chats, lasts)

        return self._run(issue)

    def invitation(self, uses: int | None = 1, chats: Collection[str] | None = None) -> Invited:
        """An invitation."""

        async def invite(authority: Authority) -> Invited:
            return await authority.invite(PARTICIPANT, chats, uses=uses)

        return self._run(invite)

    def revoke(self, token_id: str) -> None:
        """Revoke a token or an invitation."""

        async def revoke(authority: Authority) -> None:
            await authority.registry.revoke(frozenset({token_id}), wall_clock())

        self._run(revoke)

    def _run(self, work: Callable[[Authority], Awaitable[ResultT]]) -> ResultT:
        async def run() -> ResultT:
            keys, _ = KeyFile(self.key_file).load_or_create()
            async with Registry(str(self.database)) as registry:
                return await work(Authority(keys, registry))

        # Tests that are coroutines have a loop already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()


@contextmanager
def asking_for_tokens(directory: Path, **settings: object) -> Iterator[tuple[LiveServer, Giver]]:
    """Run a chat server that asks for tokens while the context lasts."""
    giver = Giver(directory / "chats.db", directory / "keys.json")
    with chat_serving(giver.database, auth="token", key_file=giver.key_file, **settings) as server:
        yield server, giver


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token."""
    return {"Authorization": f"Bearer {token}"}
