"""Where audio comes from: microphones, files and standard input, each as a stream of packets."""
