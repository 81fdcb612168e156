"""The workspaces of the check, and what is known of each: what was sent, what was answered, and what has to hold."""
import bisect
import json
import threading
import time
import uuid

from api import client

GOOD, BAD = [f"ext:good-{number}" for number in range(3)], [f"ext:bad-{number}" for number in range(2)]


class Attempts:
    """When each write was sent, to whom, how long it took, and what came of it: for figures alone."""

    def __init__(self):
        self.lock, self.all = threading.Lock(), []

    def add(self, begun, workspace, node, status):
        with self.lock:
            self.all.append((begun, time.monotonic(), workspace, node, status))

    def since(self, moment):
        """Those that were begun since a moment. They stand in the order in which they ended."""
        with self.lock:
            first = bisect.bisect_left(self.all, moment, key=lambda one: one[1])
            return [one for one in self.all[first:] if one[0] >= moment]


class Conversation:
    """What was sent about it and answered, in order: its score is that of the last."""

    def __init__(self, account):
        self.id, self.account = str(uuid.uuid4()), account
        # Scores that were sent, those of them that were answered, and those of these that came before anyone listened.
        self.sent, self.scores, self.unheard, self.resolved = [], [], 0, 0


class Workspace:
    def __init__(self, number, nodes, findings, attempts):
        self.number, self.nodes, self.findings, self.attempts = number, nodes, findings, attempts
        self.id, self.key, self.partition, self.name = None, None, None, f"w{number}"
        self.lock = threading.RLock()
        self.conversations = {}
        # Scored conversations: of so many it was answered, and so many may there be at most.
        self.answered, self.sent, self.epoch = 0, 0, 0
        # What each account's gate has to say: (decision, or None while it changes; how often that has changed).
        self.gates = {account: ("proceed", 0) for account in GOOD + BAD}
        self.breakers, self.events, self.duplicates, self.retries = [], 0, 0, 0

    def path(self, rest):
        return f"/api/workspaces/{self.id}/{rest}"

    def insist(self, method, rest, body=None, **options):
        return client().insist(self.nodes, method, self.path(rest), self.key, body if body is None else json.dumps(body), **options)

    def set_gate(self, account, decision):
        with self.lock:
            self.gates[account] = (decision, self.gates[account][1] + 1)

    def listened(self):
        """From now on somebody reads the stream."""
        with self.lock:
            for conversation in self.conversations.values():
                conversation.unheard = len(conversation.scores)

    def seen_epoch(self, epoch):
        with self.lock:
            self.epoch = max(self.epoch, epoch)

    def post(self, events, choose):
        """Sends a batch to one node after the other, the same each time, until it is answered. A batch is one record: a
        repetition finds all of it or nothing, and the first attempt finds nothing."""
        body, known, tries = json.dumps([event for event, _ in events]), True, 0
        self._before(events)
        while True:
            node = choose(tries)
            begun = time.monotonic()
            answer = client().ask(node, "POST", self.path("events"), self.key, body)
            self.attempts.add(begun, self.number, node.name, answer.status)
            if answer.status == 202:
                break
            if answer.status not in (0, 429, 503):
                self.findings.add(f"{node.name} answered a batch of {self.name} with {answer}")
                return
            known, tries = False, tries + 1
            time.sleep(min(0.03 * tries, 0.4))
        count, taken, again = len(events), answer.body["accepted"], answer.body["duplicates"]
        if taken + again != count or answer.body["rejected"] or taken not in ((count,) if known else (0, count)):
            self.findings.add(f"{node.name} answered {'the first' if known else 'a repeated'} batch of {count} of {self.name} with {answer}")
        with self.lock:
            self.events += count
            self.duplicates += again
            self.retries += tries
        self._after(events)
        return body

    def _before(self, events):
        """Counted before they are sent: an answer may have them from now on."""
        with self.lock:
            for event, conversation in events:
                if scores(event):
                    self.sent += not conversation.sent
                    conversation.sent.append(given(event))

    def _after(self, events):
        """Answered: from now on no answer may be without them."""
        with self.lock:
            for event, conversation in events:
                self.conversations[conversation.id] = conversation
                if scores(event):
                    self.answered += not conversation.scores
                    conversation.scores.append(given(event))
                conversation.resolved += event["type"] == "conversation.resolved"


def account_id(workspace, account):
    """The UUID that a workspace has for an account of another system."""
    return str(uuid.uuid5(uuid.UUID(workspace.id), f"account:{account.removeprefix('ext:')}"))


def scores(event):
    return event["type"] in ("conversation.scored", "conversation.resolved")


def given(event):
    """The score that an event brings, in hundredths; None where the server makes it."""
    return round(event["data"]["outcomeScore"] * 100) if event["type"] == "conversation.scored" else None


def event(kind, conversation, time_=None, **data):
    made = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "test-cluster", "type": kind,
            "data": {"conversationId": conversation.id, **data}}
    if conversation.account:
        made["data"]["accountId"] = conversation.account
    if time_:
        made["time"] = time_
    return made, conversation


def scored(conversation, hundredths):
    score = hundredths / 100
    return event("conversation.scored", conversation, outcomeScore=score, processScore=score, environmentScore=score,
                 resolved=hundredths >= 300)
