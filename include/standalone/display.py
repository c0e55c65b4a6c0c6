"""What the person sees: on a terminal one line that is rewritten, in a pipe a line now and then."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import TextIO

_EVERY_S = 20.0


class Display:
    """Prints lines that stay, and below them, on a terminal, one that changes."""

    def __init__(
        self,
        out: TextIO,
        *,
        live: bool | None = None,
        every_s: float = _EVERY_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb" if live is None else live
        self._every, self._now = every_s, now
        self._shown = ""
        self._topic = ""
        self._last: float | None = None

    def say(self, text: str) -> None:
        """Print lines that stay."""
        self._clear()
        self._write(text + "\n")

    def status(self, line: str, topic: str = "") -> None:
        """Show the present state. In a pipe only so often, or when the topic, such as the stage, has changed."""
        if self._live:
            # A line that wraps could not be rewritten.
            line = line[: max(20, shutil.get_terminal_size().columns - 1)]
            if line != self._shown:
                self._write("\r\x1b[K" + line)
                self._shown = line
            return
        now = self._now()
        if self._last is None or topic != self._topic or now - self._last >= self._every:
            self._last, self._topic = now, topic
            self._write(line + "\n")

    def _clear(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = ""

    def _write(self, text: str) -> None:
        # A name that the terminal cannot show must not end a run of hours.
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._out.flush()
