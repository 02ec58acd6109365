"""The subcommands of `voicechat-tui`, one file each: options, help, and a call to what does the work."""
