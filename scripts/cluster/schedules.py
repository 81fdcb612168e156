"""Random faults, some at the same time, drawn from a number: the same number draws the same."""
import random
import time

from common import Trouble


class Schedule:
    """Two to four processes, each with a fault of its own that begins and ends at some moment."""
    span = 9

    def __init__(self, seed, cluster):
        self.seed, self.cluster, randomly = seed, cluster, random.Random(seed)
        processes = {process.name: process for process in [*cluster.nats.all, *cluster.nodes[:3]]}
        kinds, self.moments, self.words = ["kill", "kill", "pause", "stop"] + ["cut"] * cluster.places.can_cut, [], []
        for name in randomly.sample(sorted(processes), randomly.randint(2, 4)):
            kind, begin = randomly.choice(kinds), randomly.uniform(0, self.span / 2)
            if kind == "cut":
                kinds.remove("cut")  # one at a time: all cuts heal at once
            end = begin + randomly.uniform(0.5, self.span / 2)
            self.words.append(f"{kind} {name} {begin:.1f}-{end:.1f}")
            self.moments += [(begin, kind, processes[name]), (end, {"kill": "start", "stop": "start", "pause": "go_on", "cut": "heal"}[kind], processes[name])]

    def run(self):
        begun = time.monotonic()
        for moment, what, process in sorted(self.moments, key=lambda one: one[0]):
            time.sleep(max(0, begun + moment - time.monotonic()))
            getattr(self, f"_{what}")(process)
        return "; ".join(self.words)

    def _kill(self, process):
        process.kill()

    def _stop(self, process):
        """In order, if it can: one that waits for something that has gone is killed."""
        try:
            process.stop(10)
        except Trouble:
            process.kill()

    def _start(self, process):
        process.start()

    def _pause(self, process):
        process.pause()

    def _go_on(self, process):
        process.go_on()

    def _cut(self, process):
        """A node from every NATS server, a server from the others."""
        self.cluster.places.cut(process.place, [server.place for server in self.cluster.nats.all if server is not process])

    def _heal(self, _):
        self.cluster.places.heal()
