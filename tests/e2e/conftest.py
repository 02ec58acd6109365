"""What the tests of whole commands share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _commands_unmeasured(unmeasured: None) -> None:
    """Commands run in processes of their own, where nothing is measured."""
