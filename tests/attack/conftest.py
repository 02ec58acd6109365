"""A server to be attacked, and the few honest people beside the attackers."""

import asyncio
from collections.abc import Iterator

import pytest

from bench.attack.honest import Crowd, undisturbed
from bench.attack.rounds import Battlefield
from bench.attack.server import WatchedServer

CROWD = Crowd(speakers=2, chatters=4)


@pytest.fixture(scope="module", autouse=True)
def _attackers_unmeasured(unmeasured: None) -> None:
    """The server that is attacked is a process of its own, where nothing is measured."""


@pytest.fixture(scope="session")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    """A server in a process of its own that has memory for what honest people need."""
    with WatchedServer(tmp_path_factory.mktemp("attacked"), "--resume-grace-s", "1") as server:
        field = Battlefield(server, CROWD, asyncio.run(undisturbed(server.address)))
        asyncio.run(field.warm_up(0))
        yield field
