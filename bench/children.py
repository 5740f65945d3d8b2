"""The programs of a measurement: started beside each other, ended together."""

import signal
import subprocess
from pathlib import Path


class Children:
    """Programs that run until the block ends, each with a log of its own in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def __enter__(self):
        return self

    def start(self, *command, log=None, **more):
        """Starts a program; what it says goes to LOG.log, by default named after it."""
        out = open(self.folder / f"{log or Path(command[0]).name}.log", "ab")
        child = subprocess.Popen(command, stdout=more.pop("stdout", out), stderr=out, **more)
        self.running.append(child)
        return child

    def __exit__(self, *_):
        for child in reversed(self.running):
            child.send_signal(signal.SIGINT)
        for child in self.running:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
