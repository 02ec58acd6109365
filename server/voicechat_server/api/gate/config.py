"""Uvicorn's configuration, by which the connections of a server find its gate."""

from typing import Any

import uvicorn

from voicechat_server.api.gate.gate import Gate


class GatedConfig(uvicorn.Config):
    """Uvicorn's configuration, with a gate for its protocols.

    Args:
        gate: The gate.
        *args: Passed to Uvicorn.
        **kwargs: Passed to Uvicorn.
    """

    def __init__(self, gate: Gate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = gate


def gate_of(config: uvicorn.Config) -> Gate:
    """Return the gate of a server."""
    if not isinstance(config, GatedConfig):
        raise TypeError("The protocols of this server need a GatedConfig.")
    return config.gate
