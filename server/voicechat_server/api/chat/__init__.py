"""The chat WebSocket, `/chatting`, and the HTTP calls of chats."""
