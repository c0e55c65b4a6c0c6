"""What ends the command: messages for the person in front of it, never a traceback."""

from __future__ import annotations

import signal


class StandaloneError(Exception):
    """The command cannot go on. Its message says why and what to do."""

    status = 1


class Refused(StandaloneError):
    """A value makes no sense, or the command cannot be given now. Nothing was started."""

    status = 2


class ComponentEnded(StandaloneError):
    """A part of Airflow ended while it was needed."""


class Stopped(BaseException):
    """A signal asked the command to stop. Not an Exception: nothing but the command itself may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def status(self) -> int:
        """Exit status by the shell's convention."""
        return 128 + self.number

    @property
    def name(self) -> str:
        """The signal's name."""
        return signal.Signals(self.number).name
