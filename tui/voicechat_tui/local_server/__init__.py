"""A server on this machine for people who have none: `voicechat-tui --local`."""
