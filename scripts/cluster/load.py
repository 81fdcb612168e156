"""What is sent while things go wrong: producers, accounts that go bad and are taken up again, and readers that compare
every answer with what they know has to be in it."""
import datetime
import random
import threading
import time

from api import MOVING, client
from workspaces import BAD, GOOD, Conversation, account_id, event, scored

TALK = (("message.received", {"text": "Hello, my invoice shows the wrong address."}),
        ("message.sent", {"text": "I have corrected the address on your invoice and sent it to you again.", "sender": "ai"}),
        ("message.received", {"text": "Thank you, that solved it!"}))
# Of a workspace's epoch, for each breaker: triggered, acknowledged, resolved.
CHANGES = 3


class Load:
    """Threads that work until they are told to rest, and then stand still where nothing is under way."""

    def __init__(self, workspaces, nodes, findings, seed):
        self.workspaces, self.nodes, self.findings = workspaces, nodes, findings
        self.run, self.over, self.threads = threading.Event(), False, []
        self.busy, self.changed = 0, threading.Condition()
        self.choose_from = None  # nodes that clients reach, where not all
        self.asked = self.stale = self.refused = 0
        for workspace in workspaces:
            for work in (produce, produce, trip):
                self._thread(work, workspace, f"{seed}-{workspace.number}-{len(self.threads)}")
        for number in range(3):
            self._thread(look, None, f"{seed}-look-{number}")

    def _thread(self, work, workspace, seed):
        def loop():
            randomly, steps = random.Random(seed), None
            while True:
                self.run.wait()
                with self.changed:
                    if self.over:
                        return
                    if not self.run.is_set():
                        continue
                    self.busy += 1
                try:
                    steps = steps or work(self, workspace, randomly)
                    next(steps)
                except Exception as error:  # a thread that ends would only be missed
                    self.findings.add(f"{work.__name__}: {type(error).__name__}: {error}")
                    steps = None
                    time.sleep(0.5)
                finally:
                    with self.changed:
                        self.busy -= 1
                        self.changed.notify_all()
        self.threads.append(threading.Thread(target=loop, daemon=True))
        self.threads[-1].start()

    def go(self):
        self.run.set()

    def rest(self):
        """Until everything that was begun is answered."""
        self.run.clear()
        with self.changed:
            if not self.changed.wait_for(lambda: self.busy == 0, 120):
                self.findings.add(f"{self.busy} requests were still not answered two minutes after the last fault")
                return False
        return True

    def chooser(self, randomly):
        """A node for each try: any of those that clients reach, and at a repetition rather one that is up."""
        return lambda tries: self.choose(randomly, tries)

    def choose(self, randomly, tries):
        """Rather one that answers, as whoever looks at its health does; now and then, at first, any."""
        nodes = list(self.choose_from or self.nodes())
        healthy = [node for node in nodes if node.up() and not node.paused]
        return randomly.choice(healthy if healthy and (tries or randomly.random() < 0.9) else nodes)


def produce(load, workspace, randomly):
    """Batches of events of several conversations. A conversation's next event is sent when the last one is answered, or
    behind it in the same batch."""
    choose, under_way = load.chooser(randomly), []
    while True:
        while len(under_way) < 6:
            under_way.append(plan(randomly))
        batch = []
        for events in randomly.sample(under_way, randomly.randint(1, 6)):
            for _ in range(randomly.randint(1, 2)):
                if events:
                    batch.append(events.pop(0))
        under_way = [events for events in under_way if events]
        body = workspace.post(batch, choose)
        if body and randomly.random() < 0.05:
            repeat(load, workspace, body, len(batch), choose)
        time.sleep(randomly.uniform(0.02, 0.08))
        yield


def plan(randomly):
    """The events of a new conversation: scores that somebody else has made, or messages that are scored here."""
    conversation = Conversation(randomly.choice([*GOOD, None]))
    if randomly.random() < 0.7:
        return [scored(conversation, randomly.randrange(350, 501, 5)) for _ in range(randomly.randint(1, 3))]
    begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=2)
    steps = [("conversation.created", {}), *TALK, ("conversation.resolved", {"resolution": "ai_resolved"})]
    return [event(kind, conversation, (begun + datetime.timedelta(seconds=10 * at)).strftime("%Y-%m-%dT%H:%M:%SZ"), **data)
            for at, (kind, data) in enumerate(steps)]


def repeat(load, workspace, body, count, choose):
    """What was answered is known wherever it is sent again."""
    answer = client().ask(choose(0), "POST", workspace.path("events"), workspace.key, body)
    if answer.status == 202:
        load.findings.check(answer.body["duplicates"] == count and answer.body["accepted"] == 0,
                            f"a batch of {count} of {workspace.name} that was answered before was answered {answer}")
    elif answer.status and answer.status not in MOVING:
        load.findings.add(f"a repeated batch of {workspace.name} was answered {answer}")


def trip(load, workspace, randomly):
    """An account goes bad, is paused, taken up by somebody, and goes on."""
    choose = load.chooser(randomly)
    while True:
        account, changes = randomly.choice(BAD), CHANGES * len(workspace.breakers)
        workspace.set_gate(account, None)
        lows = [scored(Conversation(account), randomly.randrange(100, 251, 5)) for _ in range(3)]
        for batch in ([lows] if randomly.random() < 0.5 else [[low] for low in lows]):
            workspace.post(batch, choose)
        workspace.set_gate(account, "pause")  # whoever asks from now on
        workspace.seen_epoch(changes + 1)
        workspace.post([scored(Conversation(randomly.choice(GOOD)), 450)], choose)
        ask_gate(load, workspace, choose(0), account)
        active = workspace.insist("GET", "quality/circuit-breakers")
        mine = [one for one in active.body["items"] if one["scopeKey"] == f"account:acc_{account_id(workspace, account)}"]
        if len(mine) != 1 or mine[0]["acknowledgedAt"]:
            load.findings.add(f"{account} of {workspace.name} was tripped, and there are {mine} among {active}")
        for breaker in mine:
            workspace.breakers.append((breaker["id"], account))
            take_up(load, workspace, breaker["id"], "acknowledge")
            workspace.seen_epoch(changes + 2)
            workspace.set_gate(account, None)
            take_up(load, workspace, breaker["id"], "resolve")
            workspace.seen_epoch(changes + CHANGES)
        workspace.set_gate(account, "proceed")
        time.sleep(randomly.uniform(0.2, 0.8))
        yield


def take_up(load, workspace, breaker, step):
    answer = workspace.insist("POST", f"quality/circuit-breakers/{breaker}/{step}")
    load.findings.check(answer.status == 200 and answer.body[f"{step}dAt"], f"{step} of {breaker} of {workspace.name} was answered {answer}")


def look(load, _, randomly):
    """Asks any node, and compares the answer with what was known before it was asked."""
    while True:
        workspace, node, dice = randomly.choice(load.workspaces), load.choose(randomly, 0), randomly.random()
        if dice < 0.6:
            ask_gate(load, workspace, node, randomly.choice(GOOD + BAD), hold=dice < 0.05)
        elif dice < 0.8:
            ask_stats(load, workspace, node)
        else:
            ask_score(load, workspace, node, randomly)
        time.sleep(0.02)
        yield


def ask_gate(load, workspace, node, account, hold=False):
    with workspace.lock:
        epoch, before = workspace.epoch, workspace.gates[account]
    held = f"&waitEpoch={epoch}&timeoutSeconds=1" if hold else ""
    answer = client().ask(node, "GET", workspace.path(f"quality/gate?accountId={account}{held}"), workspace.key)
    judge_gate(load, workspace, node, account, epoch, before, answer)


def judge_gate(load, workspace, node, account, epoch, before, answer):
    """An answer that is not marked as stale has at least the epoch that anyone had seen, and the decision that held
    before and after it."""
    load.asked += 1
    if answer.status == 0 or answer.status in MOVING:
        load.refused += 1
        return
    if answer.status != 200:
        load.findings.add(f"{node.name} answered the gate of {workspace.name} with {answer}")
        return
    if answer.body.get("stale"):
        load.stale += 1
        return
    load.findings.check(answer.body["epoch"] >= epoch, f"{node.name} answered the gate of {workspace.name} with epoch {answer.body['epoch']}, and {epoch} had been seen")
    workspace.seen_epoch(answer.body["epoch"])
    if before[0] and before == workspace.gates[account]:
        load.findings.check(answer.body["decision"] == before[0], f"{node.name} answered {answer.body} for {account} of {workspace.name}, which is {before[0]}")


def ask_stats(load, workspace, node):
    with workspace.lock:
        least = workspace.answered
    answer = client().ask(node, "GET", workspace.path("quality/stats"), workspace.key)
    judge_stats(load, workspace, node, least, answer)


def judge_stats(load, workspace, node, least, answer):
    if answer.status == 200:
        count = answer.body["conversationsScored"]
        with workspace.lock:
            most = workspace.sent
        load.findings.check(least <= count <= most, f"{node.name} counts {count} conversations of {workspace.name}: {least} were answered before, {most} sent since")
    elif answer.status and answer.status not in MOVING:
        load.findings.add(f"{node.name} answered the statistics of {workspace.name} with {answer}")


def ask_score(load, workspace, node, randomly):
    """By a path that names no workspace. A score is the last that was answered, or one that was sent since."""
    with workspace.lock:
        scored_ones = [one for one in list(workspace.conversations.values())[-200:] if one.scores]
        if not scored_ones:
            return
        conversation = randomly.choice(scored_ones)
        answered = len(conversation.scores)
    answer = client().ask(node, "GET", f"/api/conversations/{conversation.id}/quality", workspace.key)
    if answer.status == 200:
        with workspace.lock:
            possible = conversation.sent[answered - 1:]
        score = round(answer.body["compositeScore"] * 100)
        load.findings.check(None in possible or score in possible, f"{node.name} says {score} of {conversation.id} of {workspace.name}; possible are {possible}")
    elif answer.status and answer.status not in MOVING:
        load.findings.add(f"{node.name} was asked for {conversation.id} of {workspace.name}, which is scored, and answered {answer}")
