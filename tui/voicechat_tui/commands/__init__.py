"""The subcommands of `voicechat-tui`, a file each: options, help, and a call of what does the work."""
