"""What the app speaks to: the server, the chats and voices on it, and the microphones of this machine."""
