"""What tests of killed processes share."""

import json
import os
import subprocess
import sys

LONGEST = 300.0  # seconds that a life may take, or the end of its worker processes; a busy machine is slow
# Starting Python takes seconds on a busy machine and forking it takes none, so one process begets all that are to be killed.
# Each is a whole process of its own, with its own threads or worker processes.
BEGETTING = """
import json, os, sys

def beget(live):
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                os.setpgid(0, 0)  # so that worker processes can be ended too
                live(**json.loads(line))
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)
"""


def alive(process):
    """Is there such a process (or, if negative, any of a group)? The nursery waits for those that ended, so they are gone."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Nursery:
    """Begets processes that run a program's `live`, one at a time; each writes into a log as it gets on."""

    def __init__(self, folder, program, *arguments):
        (folder / "nursery.py").write_text(BEGETTING + program)
        self.log, self.errors = folder / "log", (folder / "errors").open("w+")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.process = subprocess.Popen(
            [sys.executable, folder / "nursery.py", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=environment,
        )  # fmt: skip

    def begin(self, **told):
        """Let one live, told this; returns its process id."""
        self.log.unlink(missing_ok=True)
        self.process.stdin.write(json.dumps({"log": str(self.log), **told}, default=str) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def progress(self):
        """How far the one that lives has got: runs, or times that it told of progress."""
        return self.log.stat().st_size if self.log.exists() else 0

    def end(self):
        """Wait for its end; what the operating system says of it."""
        return os.waitstatus_to_exitcode(int(self.process.stdout.readline()))

    def close(self):
        """Let it end; what was printed as errors."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(LONGEST)
        self.errors.seek(0)
        with self.errors:
            return self.errors.read()
