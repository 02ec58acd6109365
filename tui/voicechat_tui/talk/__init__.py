"""Chats for scripts: `say` and `tail`, without a user interface."""
