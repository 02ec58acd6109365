"""Speaking: the microphone on one side, the stream of speech to the server on the other."""
