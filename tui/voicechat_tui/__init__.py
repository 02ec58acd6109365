"""The voicechat client: the terminal app, and commands that need no terminal."""
