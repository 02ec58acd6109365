"""Chats: durable history, live fan-out, and the rules of what a client may do."""
