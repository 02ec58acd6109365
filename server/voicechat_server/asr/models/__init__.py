"""Find, download, verify and load a model; the only part of the project that talks to a model hub.

Everything here blocks: call it from a worker thread. Importing this package imports neither PyTorch nor
FunASR; `verify`, `resolve` and `load` do, when they need them.
"""
