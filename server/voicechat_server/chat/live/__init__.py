"""Live fan-out: who is in a chat, what each of them is sent, and what is being said."""
