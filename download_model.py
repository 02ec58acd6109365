"""Download the model: the same as `voicechat-server models download`, with its options."""

import sys

from voicechat_server.cli import main

if __name__ == "__main__":
    main(["models", "download", *sys.argv[1:]])
