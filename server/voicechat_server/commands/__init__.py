"""The subcommands of `voicechat-server`."""
