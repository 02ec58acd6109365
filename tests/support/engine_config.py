"""Parts of the engine's configuration as a server without settings has them, with changes for a test."""

from dataclasses import replace
from typing import Any

from voicechat_server.asr.config import EndpointConfig, StreamLimits
from voicechat_server.settings.model import Settings

# Nothing of the environment, in which tests run, comes in.
_DEFAULTS = Settings.model_construct().engine_config()


def endpoint_config(**changes: Any) -> EndpointConfig:
    """Return how speech is cut into segments."""
    return replace(_DEFAULTS.endpoint, **changes)


def stream_limits(**changes: Any) -> StreamLimits:
    """Return the bounds of streams."""
    return replace(_DEFAULTS.limits, **changes)
