"""The durable history of chats: their database, its tables, and the one writer."""
