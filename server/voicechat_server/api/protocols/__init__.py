"""HTTP and WebSocket on the wire: Uvicorn's protocols, with stricter limits."""
