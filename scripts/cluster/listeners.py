"""Those who are told: a reader of each workspace's stream, and a receiver of its webhooks."""
import http.client
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BREAKERS = ["breaker.triggered", "breaker.acknowledged", "breaker.resolved"]
TYPES = [*BREAKERS, "conversation.scored", "conversation.resolved"]


class Reader:
    """Reads a workspace's stream on any node, and on another one, from where it was, when that ends."""

    def __init__(self, workspace, nodes, findings, after=None):
        self.workspace, self.nodes, self.findings, self.last = workspace, nodes, findings, after
        self.effects, self.begun, self.over, self.changed, self.connected = [], after, False, threading.Condition(), 0
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        while not self.over:
            node = random.choice([node for node in self.nodes() if node.up()] or list(self.nodes()))
            # A heartbeat comes every 15 s. Who hears nothing for less than that goes to another node, which costs nothing.
            connection = http.client.HTTPConnection(node.place.host, node.place.ports["api"], timeout=6)
            try:
                headers = {"Authorization": f"Bearer {self.workspace.key}", **({"Last-Event-ID": self.last} if self.last else {})}
                connection.request("GET", self.workspace.path(f"quality/stream?types={','.join(TYPES)}"), headers=headers)
                answer = connection.getresponse()
                if answer.status == 200:
                    self.connected += 1
                    self._read(node, answer)
                elif answer.status not in (429, 503):
                    self.findings.add(f"{node.name} answered the stream of {self.workspace.name} with {answer.status} {answer.read()[:200]!r}")
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.1)

    def _read(self, node, answer):
        fields = {}
        while not self.over and (line := answer.readline()):
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            if line.strip():
                fields[name] = value.removeprefix(" ")
                continue
            self._take(node, fields)
            if fields.get("event") == "end":
                return
            fields = {}

    def _take(self, node, fields):
        kind = fields.get("event")
        if kind == "reset":
            self.findings.add(f"{node.name} began the stream of {self.workspace.name} anew behind {self.last}: {fields}")
        if "id" not in fields:
            return
        with self.changed:
            if self.last and order(fields["id"]) < order(self.last) or kind in TYPES and fields["id"] == self.last:
                self.findings.add(f"{node.name} sent {fields['id']} of {self.workspace.name} behind {self.last}")
            self.last, self.begun = fields["id"], self.begun or fields["id"]
            if kind in TYPES:
                self.effects.append((fields["id"], kind, json.loads(fields["data"])["data"]))
            self.changed.notify_all()

    def await_count(self, kind, count, seconds):
        """Whether as many effects of a type have come as have to."""
        with self.changed:
            return self.changed.wait_for(lambda: sum(one[1] == kind for one in self.effects) >= count, seconds)


def order(position):
    """`12-3.1` as numbers."""
    return tuple(int(part) for part in position.replace("-", ".").split("."))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A sender that was killed in the middle sends again."""


class Receiver:
    """Takes webhooks of all workspaces: what came, in the order in which it came first."""

    def __init__(self, host):
        self.first, self.times, self.changed = {}, {}, threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.take(self.path.strip("/"), self.headers["webhook-id"], message)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, workspace, identity, message):
        with self.changed:
            self.times[identity] = self.times.get(identity, 0) + 1
            self.first.setdefault(workspace, {}).setdefault(identity, (message["type"], message["data"]))
            self.changed.notify_all()

    def messages(self, workspace):
        with self.changed:
            return list(self.first.get(workspace, {}).values())

    def await_count(self, workspace, count, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.first.get(workspace, {})) >= count, seconds)

    def repeated(self):
        with self.changed:
            return sum(times - 1 for times in self.times.values())
