"""Speaking: the microphone on the one side, the stream of speech to the server on the other."""
