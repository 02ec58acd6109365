"""The voicechat client: the headless replay command and the terminal interface."""
