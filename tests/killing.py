"""What tests of killed processes share."""

import os

LONGEST = 300.0  # seconds that a life may take, or the end of its worker processes; a busy machine is slow


def alive(process):
    """Is there such a process (or, if negative, any of a group)? The nursery waits for those that ended, so they are gone."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
