"""One object of a bucket as a seekable file that fetches only the ranges it is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable


class RangedFile(io.RawIOBase):
    """A read-only binary file over ``fetch(start, length) -> bytes``.

    The object's last bytes are given from the start: there Parquet has its footer and zip its directory, so that the
    first look at either needs no request of its own.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, tail: bytes) -> None:
        self._fetch, self._size, self._tail = fetch, size, tail
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Return the position, bytes from the start."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end."""
        end = self._size if size is None or size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        tail_start = self._size - len(self._tail)
        if self._at >= tail_start:
            data = self._tail[self._at - tail_start : end - tail_start]
        else:
            data = self._fetch(self._at, end - self._at)
        self._at += len(data)
        return data

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer; return how many bytes were there to fill it with."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
