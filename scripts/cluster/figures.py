"""What was measured. Nothing here is compared with anything: two cores have all the processes, and one disk."""
import json
import threading
import time

from api import MOVING, client
from workspaces import Conversation, scored


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else None


def takeover(attempts, moment, moved):
    """For each workspace of a node that has gone: from its last answer to the first that was accepted behind it."""
    gaps = []
    for workspace in moved:
        mine = [one for one in attempts if one[2] == workspace.number and one[4] == 202]
        before = [ended for begun, ended, *_ in mine if ended <= moment]
        after = [ended for begun, ended, *_ in mine if begun > moment]
        if before and after:
            gaps.append(min(after) - max(before))
    return gaps


def meanwhile(attempts, moment, until, stayed, gone):
    """How long accepted writes of the others took while a takeover was under way, at nodes that were there."""
    numbers = {workspace.number for workspace in stayed}
    return [ended - begun for begun, ended, number, node, status in attempts
            if moment <= begun <= until and number in numbers and status == 202 and node != gone]


def seconds(value):
    return "-" if value is None else f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


class Throughput:
    """Batches as fast as they are taken, for some seconds."""
    batch, threads, bodies, span = 250, 8, 80, 2

    def __init__(self, workspaces, nodes):
        self.workspaces, self.nodes = workspaces, nodes

    def measure(self):
        """Events a second that were answered."""
        begin, answered, lock = threading.Barrier(self.threads + 1), [0], threading.Lock()
        end = []

        def send(number):
            workspace, sent = self.workspaces[number % len(self.workspaces)], 0
            bodies = [json.dumps([scored(Conversation(None), 400)[0] for _ in range(self.batch)]) for _ in range(self.bodies)]
            begin.wait()
            while bodies and time.monotonic() < end[0]:
                node = self.nodes[(number + sent) % len(self.nodes)]
                answer = client().ask(node, "POST", workspace.path("events"), workspace.key, bodies[-1])
                if answer.status == 202:
                    bodies.pop()
                    sent += 1
                elif answer.status not in MOVING:
                    return
            with lock:
                answered[0] += sent * self.batch

        threads = [threading.Thread(target=send, args=[number]) for number in range(self.threads)]
        for thread in threads:
            thread.start()
        end.append(time.monotonic() + self.span)
        begin.wait()
        begun = time.monotonic()
        end[0] = begun + self.span
        for thread in threads:
            thread.join()
        return answered[0] / (time.monotonic() - begun)
