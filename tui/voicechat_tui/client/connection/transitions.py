"""Which states may follow which."""

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

StateT = TypeVar("StateT", bound=Enum)


class IllegalTransitionError(RuntimeError):
    """A state was to follow one that it can't follow: a mistake in the program."""


class Transitions(Generic[StateT]):
    """Guards the steps of a state machine.

    Args:
        following: For each state those that may follow it.
    """

    def __init__(self, following: Mapping[StateT, frozenset[StateT]]) -> None:
        self._following = following

    def checked(self, old: StateT, new: StateT) -> StateT:
        """Return the new state.

        Raises:
            IllegalTransitionError: If it can't follow the old one.
        """
        if new not in self._following[old]:
            raise IllegalTransitionError(f"{new.name} can't follow {old.name}")
        return new
