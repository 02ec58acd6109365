"""Microphones: finding them, opening them, and coping when they come and go.

Nothing here imports sounddevice before a `SoundSystem` is asked for something.
"""
