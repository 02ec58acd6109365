"""Microphones: finding them, opening them, living with their coming and going."""
