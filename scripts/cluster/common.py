"""What every part needs: waiting, speaking, and what was found to be wrong."""
import os
import pathlib
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BEGUN = time.monotonic()


class Trouble(Exception):
    """The check cannot go on: something did not start, or what was waited for never came."""


def say(message):
    print(f"{time.monotonic() - BEGUN:6.1f}  {message}", flush=True)


def until(done, what, seconds=60):
    """Waits until `done` gives something true, and gives that. The time is only there so that a wait can fail."""
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds} s for nothing: {what}")
        time.sleep(0.05)
    return found


def free_ports(count):
    """Ports that nobody listens on, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Findings:
    """What must not have been. Any thread may add to it; the check goes on, and fails at its end."""

    def __init__(self, show=20):
        self.lock, self.all, self.show, self.scenario = threading.Lock(), [], show, "start"

    def add(self, message):
        with self.lock:
            self.all.append((self.scenario, message))
            if len(self.all) <= self.show:
                print(f"WRONG ({self.scenario}): {message}", file=sys.stderr, flush=True)

    def check(self, right, message):
        if not right:
            self.add(message)
        return right

    def count(self):
        with self.lock:
            return len(self.all)


def tail(path, lines=15):
    try:
        return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0
