"""`python -m voicechat_server`: the same as the command `voicechat-server`."""

from voicechat_server.cli import main

main()
