"""What the tests with real sockets, models and devices share."""

from types import ModuleType

import pytest


@pytest.fixture(scope="module", autouse=True)
def _clients_unmeasured(request: pytest.FixtureRequest) -> None:
    """Whoever names nothing of the server runs it in threads and processes, and only clients here."""
    if not any(_is_of_the_server(value) for value in vars(request.module).values()):
        request.getfixturevalue("client_unmeasured")


def _is_of_the_server(value: object) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name).startswith("voicechat_server")
