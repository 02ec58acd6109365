"""Where audio comes from: files and standard input, each as a stream of packets."""
