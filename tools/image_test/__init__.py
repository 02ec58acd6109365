"""`make image-test`: builds the images of the Dockerfile without a Docker engine, runs and tries them."""
