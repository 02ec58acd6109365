"""`voicechat-tui login`, `logout` and `whoami` as a whole."""
