"""A stream for libraries that a full disk would crash, as HDF5: it takes everything, and says afterwards what could not be written."""

import io
from collections.abc import Callable
from typing import Any, BinaryIO


class Steady(io.RawIOBase):
    """A binary stream on another one whose writing never fails; `error` is the first failure. What was lost reads as zeros."""

    def __init__(self, stream: BinaryIO):
        self.stream, self.place, self.size = stream, 0, 0
        self.error: OSError | None = None

    def _tried(self, what: Callable[[], Any]) -> None:
        if self.error is None:
            try:
                what()
            except OSError as error:
                self.error = error

    def write(self, data: Any, /) -> int:
        begin, many = self.place, memoryview(data).nbytes
        self._tried(lambda: (self.stream.seek(begin), self.stream.write(data), self.stream.flush()))
        self.place += many
        self.size = max(self.size, self.place)
        return many

    def readinto(self, buffer: Any, /) -> int:
        room = memoryview(buffer).cast("B")
        wanted = max(0, min(len(room), self.size - self.place))
        found = b""
        if self.error is None:
            self.stream.seek(self.place)
            found = self.stream.read(wanted)
        room[:wanted] = found.ljust(wanted, b"\0")
        self.place += wanted
        return wanted

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def truncate(self, size: int | None = None, /) -> int:
        self.size = self.place if size is None else size
        self._tried(lambda: self.stream.truncate(self.size))
        return self.size

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def steadily(make: Callable[[Any], object]) -> Callable[[BinaryIO], None]:
    """What writes into a stream as `make` does, but lets it see no failure before it is done."""

    def into(stream: BinaryIO) -> None:
        steady = Steady(stream)
        try:
            make(steady)
        except Exception:
            if steady.error is None:
                raise
        if steady.error is not None:
            raise steady.error

    return into
