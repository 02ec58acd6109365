"""Start the voicechat server: the same as `voicechat-server serve`, with its options."""

import sys

if __name__ == "__main__":
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit(f"Error: This is Python {sys.version.split()[0]}, and voicechat needs 3.11 to 3.14.")

    from voicechat_server.cli import main

    main(["serve", *sys.argv[1:]])
