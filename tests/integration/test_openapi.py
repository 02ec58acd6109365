"""The OpenAPI document against the server: whatever it allows is answered as it says, and nothing crashes."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from tests.support.server import LiveServer

EXAMPLES = 15
"""Requests for each call; every run takes others, those in CI are always the same."""


@pytest.fixture
def api_schema(live_server: LiveServer) -> Any:
    return schemathesis.openapi.from_url(f"{live_server.http}/openapi.json")


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_every_call_is_answered_as_documented(case: "Case[Any]") -> None:
    case.call_and_validate()
