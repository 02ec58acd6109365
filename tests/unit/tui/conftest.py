"""What the tests of the client share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _the_client_unmeasured(unmeasured: None) -> None:
    """Coverage is measured of `common/` and `server/`."""
