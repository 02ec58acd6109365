"""The history of the chat database's tables, applied at start by `migrate`."""
