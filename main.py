"""Start the voicechat server: the same as `voicechat-server serve`, with its options."""

import sys

from voicechat_server.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
