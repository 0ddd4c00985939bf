"""Standard output and error as a command sees them: who stops reading (`| head`) ends the printing, not the work."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sim.errors import InputError


class Outlet(io.RawIOBase):
    """A raw stream that goes quiet when nobody reads it any more. InputError, once, if it cannot be written to otherwise; if it is
    that of errors, there is nobody to tell."""

    def __init__(self, raw: Any, errors: bool):
        self.raw, self.errors = raw, errors

    def write(self, data: Any, /) -> int | None:
        if self.raw is None:
            return len(data)
        try:
            return self.raw.write(data)
        except OSError as error:
            self.raw = None
            if self.errors or isinstance(error, BrokenPipeError):
                return len(data)
            raise InputError(f"what is printed cannot be written ({error.strerror or error}).", "Send it elsewhere.") from None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.raw is not None and not self.raw.closed and bool(self.raw.isatty())

    def fileno(self) -> int:
        if self.raw is None:
            raise io.UnsupportedOperation("nobody reads")
        return int(self.raw.fileno())


@contextmanager
def outlets() -> Iterator[None]:
    """Standard output and error through outlets. A terminal that lacks a letter shows a question mark instead of a traceback."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _through_outlet(sys.stdout, errors=False), _through_outlet(sys.stderr, errors=True)
    try:
        yield
    finally:
        try:
            flush()
        finally:
            sys.stdout, sys.stderr = before


def flush() -> None:
    """Print what is still to be printed."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _through_outlet(stream: Any, *, errors: bool) -> Any:
    """The stream through an outlet; the same if it is none of the operating system's."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(raw, io.RawIOBase):
        return stream
    stream.flush()
    outlet = io.BufferedWriter(Outlet(raw, errors))
    return io.TextIOWrapper(outlet, stream.encoding, "replace", line_buffering=stream.line_buffering, write_through=stream.write_through)
