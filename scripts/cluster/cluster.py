"""Three NATS servers, the nodes, and the workspaces that the load goes to."""
import json
import os
import time

import load as loads
import verify
from api import MOVING, client
from common import Findings, Trouble, until
from listeners import BREAKERS, Reader, Receiver
from nats import NatsError
from servers import NatsServers, Node
from workspaces import Attempts, Conversation, Workspace, scored

SCOPES = ["quality:read", "quality:write", "events:write", "admin"]


class Cluster:
    name, partitions = "tripswitch", 12

    def __init__(self, places, directory, binary, nats_binary):
        self.places, self.directory, self.findings, self.attempts = places, directory, Findings(), Attempts()
        spots = places.make(["s1", "s2", "s3", "a", "b", "c", "d"])
        self.nats = NatsServers(nats_binary, spots[:3], directory)
        secret = os.urandom(32)
        self.nodes = [Node(binary, spot, self.nats, directory / spot.name, secret, self.name, self.partitions) for spot in spots[3:]]
        self.active = self.nodes[:1]  # those that clients know of; the last one joins later
        self.workspaces, self.readers, self.made, self.gaps, self.others = [], [], set(), [], []
        self.load = self.receiver = self.key = None

    def up(self):
        return self.active

    def begin(self):
        """NATS and the first node, with a server key."""
        self.nats.start()
        self.nodes[0].start().await_ready()
        self.key = json.loads(self.nodes[0].verb("key", "create", "--server", "-o", "json"))["key"]
        self.receiver = Receiver(self.places.host)

    def join(self, *nodes):
        for node in nodes:
            node.start()
        for node in nodes:
            node.await_ready()
            self.active = [*self.active, node]
        until(lambda: all(node.name in self.owners().values() for node in nodes), f"{', '.join(node.name for node in nodes)} own partitions")
        for workspace in self.workspaces:
            for node in nodes:
                until(lambda: client().ask(node, "GET", workspace.path("quality/stats"), workspace.key).status == 200, f"{node.name} answers for {workspace.name}")

    def admin(self, path, body):
        answer = client().insist(self.up, "POST", path, self.key, json.dumps(body), tries=100)
        if answer is None or answer.status != 201:
            raise Trouble(f"POST {path} was answered {answer}")
        return answer.body

    def make_workspace(self):
        workspace = Workspace(len(self.workspaces), self.up, self.findings, self.attempts)
        self._name(workspace, f"Support {workspace.number}")
        hook = workspace.insist("POST", "webhooks", {"url": f"{self.receiver.url}/{workspace.name}", "types": BREAKERS}, tries=100)
        if hook is None or hook.status != 201:
            raise Trouble(f"a webhook of {workspace.name} was answered {hook}")
        workspace.partition = self.find_partition(workspace)
        self.workspaces.append(workspace)

    def make_other_workspace(self):
        """One that is measured with, and not looked at."""
        workspace = Workspace(-1, self.up, self.findings, self.attempts)
        self._name(workspace, "Measured")
        return workspace

    def _name(self, workspace, name):
        tenant = f"tenant-{workspace.number % 3}"
        workspace.id = self.admin("/api/admin/workspaces", {"name": name, "tenant": tenant})["id"]
        workspace.key = self.admin("/api/admin/keys", {"scopes": SCOPES, "workspaceId": workspace.id, "name": name})["key"]

    def find_partition(self, workspace):
        """The log that grows when something is written to the workspace."""
        candidates = None
        for _ in range(20):
            before = self.tails()
            workspace.post([scored(Conversation(None), 400)], lambda _: self.up()[0])
            after = self.tails()
            grown = {name for name in after if name.startswith(f"{self.name}-log-") and after[name] > before.get(name, 0)}
            candidates = grown if candidates is None else candidates & grown
            if len(candidates) == 1:
                return candidates.pop().rpartition("-")[2]
        raise Trouble(f"the log of {workspace.name} was not found among {candidates}")

    def tails(self):
        return {name: one["state"]["last_seq"] for name, one in self.nats.ask(lambda nats: nats.streams()).items()}

    def owners(self):
        """The node that each partition has, as the store of NATS has it; none where NATS does not answer."""
        def look(nats):
            found = {}
            for number in range(self.partitions + 1):
                content = nats.last(f"KV_{self.name}-cluster", f"$KV.{self.name}-cluster.part.{number:03}")
                if content:
                    found[f"{number:03}"] = json.loads(content)["node"]
            return found
        try:
            return self.nats.ask(look)
        except NatsError:
            return {}

    def owned(self, node):
        """The workspaces that a node has."""
        owners = self.owners()
        return [workspace for workspace in self.workspaces if owners.get(workspace.partition) == node.name]

    def begin_load(self, seed):
        self.readers = [Reader(workspace, self.up, self.findings) for workspace in self.workspaces]
        until(lambda: all(reader.begun for reader in self.readers), "every stream has begun")
        for workspace in self.workspaces:
            workspace.listened()
        self.load = loads.Load(self.workspaces, self.up, self.findings, seed)
        self.load.go()
        self.await_served("the load has begun", time.monotonic())

    def await_served(self, when, since, workspaces=None, seconds=90):
        """Until a write that was begun after a moment is answered in every workspace."""
        wanted = {workspace.number for workspace in workspaces or self.workspaces}
        def done():
            served = {number for begun, _, number, _, status in self.attempts.since(since) if status == 202}
            return wanted <= served
        try:
            until(done, f"a write of each workspace, {when}", seconds)
        except Trouble as trouble:
            served = {number for _, _, number, _, status in self.attempts.since(since) if status == 202}
            raise Trouble(f"{trouble}; not in {sorted(wanted - served)}; owners {self.owners()}") from None

    def settle(self, what):
        """Everything is up again: what was begun is answered, and looked at. Gives what was counted."""
        for process in [*self.nats.all, *self.active]:
            process.await_ready()
        self.await_served(what, time.monotonic())
        if not self.load.rest():
            raise Trouble("the load cannot be brought to rest")
        counts = verify.everything(self)
        self.load.go()
        return counts

    def decided(self, node, workspace, rest, tries=100):
        """What one node says, when it has decided."""
        answer = None
        for _ in range(tries):
            answer = client().ask(node, "GET", workspace.path(rest), workspace.key)
            if answer.status and answer.status not in MOVING and not (answer.status == 200 and answer.body.get("stale")):
                return answer
            time.sleep(0.1)
        return answer if answer.status == 200 else None

    def end(self):
        for reader in self.readers:
            reader.over = True
        for process in [*self.nodes, *self.nats.all]:
            process.end()
        self.places.close()
