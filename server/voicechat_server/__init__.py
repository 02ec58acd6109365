"""The voicechat server: streaming speech recognition and chat over HTTP and WebSockets."""
