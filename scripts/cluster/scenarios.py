"""What goes wrong, one after the other, under load. Each ends with everything up again, and is then looked at as a whole."""
import random
import threading
import time

from api import Client
from common import until
from figures import meanwhile, percentile, seconds, takeover
from load import judge_gate, judge_stats
from workspaces import BAD, GOOD, Conversation, scored


def busiest(cluster):
    """The node that has most of the workspaces."""
    return max(cluster.active, key=lambda node: len(cluster.owned(node)))


def kill_node(cluster):
    node = busiest(cluster)
    moved = cluster.owned(node)
    moment = time.monotonic()
    node.kill()
    cluster.await_served(f"{node.name} was killed", moment)
    until_served = time.monotonic()
    note = takeover_note(cluster, node, moved, moment, until_served)
    node.start().await_ready()
    return note


def takeover_note(cluster, node, moved, moment, ended):
    attempts = cluster.attempts.since(moment - 20)
    gaps = takeover(attempts, moment, moved)
    stayed = [workspace for workspace in cluster.workspaces if workspace not in moved]
    others = meanwhile(attempts, moment, ended, stayed, node.name)
    cluster.gaps += gaps
    cluster.others += others
    return f"{len(moved)} workspaces moved, at the latest after {seconds(max(gaps, default=None))}; p99 of the others' writes {seconds(percentile(others, 0.99))}"


def kill_leader(cluster):
    """Of the log that most is written to: each write waits for an election."""
    server = cluster.nats.leader(f"{cluster.name}-log-{cluster.workspaces[0].partition}")
    led = [one for one in cluster.workspaces if cluster.nats.leader(f"{cluster.name}-log-{one.partition}") is server]
    moment = time.monotonic()
    server.kill()
    cluster.await_served(f"{server.name}, which led logs, was killed", moment)
    gaps = takeover(cluster.attempts.since(moment - 20), moment, led)
    server.start().await_ready()
    return f"{len(led)} logs without a leader, at the longest for {seconds(max(gaps, default=None))}"


def kill_all_servers(cluster):
    moment = time.monotonic()
    for server in cluster.nats.all:
        server.kill()
    for server in cluster.nats.all:
        server.start()
    cluster.await_served("all NATS servers were killed", time.monotonic())
    gaps = takeover(cluster.attempts.since(moment - 20), moment, cluster.workspaces)
    return f"nothing was written for {seconds(max(gaps, default=None))}"


def pause_node(cluster):
    """A node sleeps for 20 s, and knows nothing of it when it wakes: requests that came meanwhile lie before it."""
    node = busiest(cluster)
    moved, moment = cluster.owned(node), time.monotonic()
    asleep = Asleep(cluster, node, moved)
    node.pause()
    try:
        cluster.await_served(f"{node.name} was paused", moment)
        note = takeover_note(cluster, node, moved, moment, time.monotonic())
        asleep.ask()
        time.sleep(max(0, 20 - (time.monotonic() - moment)))
    finally:
        cluster.load.choose_from = [node]  # everybody asks the one that wakes
        node.go_on()
    asleep.join()
    woken = time.monotonic()
    cluster.await_served(f"{node.name} woke", woken)
    cluster.load.choose_from = None
    return f"{note}; {asleep.note()}"


class Asleep:
    """Requests on connections that were there before a node fell asleep, sent while others had taken its partitions."""

    def __init__(self, cluster, node, workspaces):
        self.cluster, self.node, self.threads, self.answers, self.lock = cluster, node, [], [], threading.Lock()
        self.clients = [(workspace, Client(timeout=90)) for workspace in workspaces for _ in range(8)]
        for workspace, client in self.clients:
            client.ask(node, "GET", workspace.path("quality/gate"), workspace.key)

    def ask(self):
        for number, (workspace, client) in enumerate(self.clients):
            self.threads.append(threading.Thread(target=self._one, args=[number, workspace, client], daemon=True))
            self.threads[-1].start()

    def _one(self, number, workspace, client):
        load, node = self.cluster.load, self.node
        with workspace.lock:
            epoch, least = workspace.epoch, workspace.answered
            account = (GOOD + BAD)[number % 5]
            before = workspace.gates[account]
        if number % 8 == 7:  # written by nobody, or by the present owner, once
            workspace.post([scored(Conversation(GOOD[0]), 400)], lambda tries: load.choose(random, tries) if tries else node)
            return
        if number % 2:
            answer = client.ask(node, "GET", workspace.path("quality/stats"), workspace.key)
            judge_stats(load, workspace, node, least, answer)
        else:
            answer = client.ask(node, "GET", workspace.path(f"quality/gate?accountId={account}"), workspace.key)
            judge_gate(load, workspace, node, account, epoch, before, answer)
        with self.lock:
            self.answers.append("stale" if answer.status == 200 and answer.body.get("stale") else answer.status)

    def join(self):
        for thread in self.threads:
            thread.join()

    def note(self):
        counts = {answer: self.answers.count(answer) for answer in sorted(set(self.answers), key=str)}
        return "it answered " + ", ".join(f"{count} times {answer or 'nothing'}" for answer, count in counts.items())


def cut_node(cluster):
    """A node that clients and other nodes reach, and that reaches no NATS server."""
    node = busiest(cluster)
    moved, moment = cluster.owned(node), time.monotonic()
    cluster.places.cut(node.place, [server.place for server in cluster.nats.all])
    cluster.await_served(f"{node.name} was cut from NATS", moment)
    note = takeover_note(cluster, node, moved, moment, time.monotonic())
    cluster.places.heal()
    return note


def cut_server(cluster):
    """A NATS server that nodes reach, and the other servers do not: the one with leaderships and the fewest nodes."""
    server = min(cluster.nats.all, key=lambda one: len(connected(cluster, one)))
    names = connected(cluster, server)
    moment = time.monotonic()
    cluster.places.cut(server.place, [other.place for other in cluster.nats.all if other is not server])
    if len(names) < len(cluster.active):
        cluster.await_served(f"{server.name} was cut from the others", moment)
    gaps = takeover(cluster.attempts.since(moment - 20), moment, cluster.workspaces)
    cluster.places.heal()
    return f"{server.name}, with {len(names)} of the nodes; a workspace waited for {seconds(max(gaps, default=None))} at the longest"


def connected(cluster, server):
    hosts = {node.place.host: node.name for node in cluster.active}
    return {hosts[host] for host in server.clients() if host in hosts}


def cut_clients(cluster):
    """Two nodes that do not reach each other, and clients that reach one of them alone: what the other has is 503 there."""
    node, other = cluster.active[:2]
    moment = time.monotonic()
    cluster.places.cut(node.place, [other.place])
    cluster.load.choose_from = [node]
    theirs = cluster.owned(other)
    cluster.await_served(f"{node.name} does not reach {other.name}", moment, [one for one in cluster.workspaces if one not in theirs])
    cluster.load.choose_from = None
    cluster.await_served("clients reach all nodes again", time.monotonic())
    cluster.places.heal()
    refused = sum(status == 503 for *_, status in cluster.attempts.since(moment))
    return f"{node.name} refused {refused} writes, {len(theirs)} workspaces were the other's"


def rolling_restart(cluster):
    """Every process in turn, in order, as for an upgrade."""
    moment = time.monotonic()
    for node in list(cluster.active):
        code = node.stop()
        cluster.findings.check(code == 0, f"{node.name} was stopped and ended with {code}")
        cluster.await_served(f"{node.name} was stopped", time.monotonic())
        node.start().await_ready()
    for server in cluster.nats.all:
        server.stop()
        server.start().await_ready()
        until(cluster.nats.works, "JetStream has a leader")
        cluster.await_served(f"{server.name} was restarted", time.monotonic())
    writes = cluster.attempts.since(moment)
    return f"{len(writes)} writes, {sum(one[4] != 202 for one in writes)} tried again; p99 {seconds(percentile([one[1] - one[0] for one in writes if one[4] == 202], 0.99))}"


def join_and_drain(cluster):
    """A fourth node takes its part; drained, it gives everything back, and ends with nothing."""
    node = cluster.nodes[3]
    cluster.join(node)
    held = sum(owner == node.name for owner in cluster.owners().values())
    cluster.await_served(f"{node.name} has joined", time.monotonic())
    cluster.nodes[0].verb("cluster", "drain", node.name)
    until(lambda: (owners := cluster.owners()) and node.name not in owners.values() and len(owners) == cluster.partitions + 1,
          f"{node.name} has given everything back")
    cluster.await_served(f"{node.name} is drained", time.monotonic())
    cluster.active = [one for one in cluster.active if one is not node]
    code = node.stop()
    cluster.findings.check(code == 0, f"{node.name} was stopped and ended with {code}")
    return f"it took {held} of {cluster.partitions + 1} partitions, and gave them back"


# Name, what happens, and whether the network has to be cut for it.
ALL = (("kill -9 of a node", kill_node, False), ("kill -9 of a log's leader", kill_leader, False),
       ("kill -9 of all NATS servers", kill_all_servers, False), ("SIGSTOP of a node for 20 s", pause_node, False),
       ("node cut from NATS", cut_node, True), ("NATS server cut from the others", cut_server, True),
       ("clients reach one side alone", cut_clients, True), ("rolling restart of everything", rolling_restart, False),
       ("a node joins and is drained", join_and_drain, False))
