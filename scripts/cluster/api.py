"""HTTP to the nodes: connections that are kept, and what came of each request."""
import http.client
import json
import random
import threading
import time

MOVING = (429, 503)


class Answer:
    """`status` 0 says that none came: whether the request was carried out is not known."""

    def __init__(self, status, body=None, error=None, headers=None):
        self.status, self.body, self.error, self.headers = status, body, error, headers or {}

    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None

    def __str__(self):
        return f"{self.status} {self.error or str(self.body)[:300]}"


class Client:
    """A client of all nodes, for one thread."""

    def __init__(self, timeout=8):
        self.kept, self.timeout = {}, timeout

    def ask(self, node, method, path, key, body=None, headers=(), raw=False):
        connection = self.kept.pop(node.name, None)
        if connection is None:
            connection = http.client.HTTPConnection(node.place.host, node.place.ports["api"], timeout=self.timeout)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **dict(headers)})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, error=f"{type(error).__name__}: {error}")
        if answer.will_close:
            connection.close()
        else:
            self.kept[node.name] = connection
        if raw:
            return Answer(answer.status, content.decode(), headers=answer.headers)
        try:
            return Answer(answer.status, json.loads(content) if content else None, headers=answer.headers)
        except ValueError:
            return Answer(answer.status, error=f"no JSON: {content[:200]!r}")

    def insist(self, nodes, method, path, key, body=None, tries=None, **options):
        """Asks one node after the other, in any order, until one has decided; None where the tries are over."""
        tried = 0
        while tries is None or tried < tries:
            up = [node for node in nodes() if not tried or node.up()] or list(nodes())
            answer = self.ask(random.choice(up), method, path, key, body, **options)
            if answer.status and answer.status not in MOVING:
                return answer
            tried += 1
            time.sleep(min(0.05 * tried, 0.5))
        return None


class OfThread(threading.local):
    def __init__(self):
        self.client = Client()


OF_THREAD = OfThread()


def client():
    """The client of whichever thread asks."""
    return OF_THREAD.client
