"""Looks, while nothing is sent, whether everything that was answered is there once, in order, and nothing else."""
import json
from collections import Counter

from listeners import BREAKERS, Reader
from load import CHANGES
from workspaces import BAD, GOOD, account_id

EPOCH, NODE = "Tripswitch-Epoch", "Tripswitch-Node"


def everything(cluster):
    """All of it, of all workspaces. Gives what was counted."""
    counts = Counter()
    for workspace in cluster.workspaces:
        conversations(cluster, workspace, counts)
        breakers(cluster, workspace, counts)
        effects(cluster, workspace, cluster.readers[workspace.number].effects, counts)
        webhooks(cluster, workspace)
        accounts(cluster, workspace)
        gates(cluster, workspace)
    logs(cluster, counts)
    for node in cluster.nodes:
        panics(cluster, node)
    return counts


def patience(cluster):
    """How long to wait for what has to come. With something wrong already it need not come at all."""
    return 2 if cluster.findings.count() else 60


def got(cluster, workspace, rest, **options):
    answer = workspace.insist("GET", rest, tries=200, **options)
    if answer is None or answer.status != 200:
        cluster.findings.add(f"{rest} of {workspace.name} was answered {answer}")
        return None
    return answer.body


def conversations(cluster, workspace, counts):
    """Every score is that of the last event, and statistics are made of exactly these."""
    check = cluster.findings.check
    rows = got(cluster, workspace, "conversations", headers={"Accept": "application/x-ndjson"}, raw=True)
    stats = got(cluster, workspace, "quality/stats")
    if rows is None or stats is None:
        return
    found = {row["conversationId"]: round(row["compositeScore"] * 100) for row in map(json.loads, rows.splitlines())}
    with workspace.lock:
        expected = {one.id: one.scores[-1] for one in workspace.conversations.values() if one.scores}
    missing, more = expected.keys() - found.keys(), found.keys() - expected.keys()
    check(not missing, f"{workspace.name}: {len(missing)} answered conversations are not there, as {sorted(missing)[:3]}")
    check(not more, f"{workspace.name}: {len(more)} conversations are there that were not sent, as {sorted(more)[:3]}")
    other = {one: (score, found[one]) for one, score in expected.items() if score is not None and found.get(one, score) != score}
    check(not other, f"{workspace.name}: {len(other)} conversations do not have their last score, as {list(other.items())[:3]}")
    # All that were scored here had the same messages: a repeated or missing one would give another score.
    made = Counter(found[one] for one, score in expected.items() if score is None and one in found)
    cluster.made.update(made.keys())
    check(len(cluster.made) <= 1, f"{workspace.name}: the same messages were scored differently: {dict(made)}, {cluster.made}")
    check(stats["conversationsScored"] == len(expected), f"{workspace.name}: statistics count {stats['conversationsScored']} conversations of {len(expected)}")
    mean = (2 * sum(found.values()) + len(found)) // (2 * len(found)) if found else 0
    check(not found or round(stats["averageComposite"] * 100) == mean, f"{workspace.name}: the average is {stats['averageComposite']}, not {mean / 100}")
    counts["events"] += workspace.events
    counts["conversations"] += len(expected)


def accounts(cluster, workspace):
    """Every account that was named is known, none is paused, and no run of low scores has outlived its breaker."""
    found = got(cluster, workspace, "accounts?limit=100")
    if found is None:
        return
    with workspace.lock:
        expected = {account_id(workspace, one.account) for one in workspace.conversations.values() if one.account}
    rows = {row["accountId"]: row for row in found["data"]}
    cluster.findings.check(rows.keys() == expected, f"{workspace.name}: accounts {sorted(rows)} are known, {sorted(expected)} were named")
    odd = [row for row in rows.values() if row["activeBreakerId"] or row["consecutiveLow"]]
    cluster.findings.check(not odd, f"{workspace.name}: accounts that were taken up are still low or paused: {odd[:2]}")


def breakers(cluster, workspace, counts):
    """Each trip made one breaker, and nothing else made any."""
    found, cursor = [], ""
    while True:
        page = got(cluster, workspace, f"quality/circuit-breakers/history?limit=100{cursor}")
        if page is None:
            return
        found += page["data"]
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    known = {breaker for breaker, _ in workspace.breakers}
    cluster.findings.check(len(found) == len(known) and {one["id"] for one in found} == known,
                           f"{workspace.name}: {len(found)} breakers in the history, {len(known)} were tripped: {sorted({one['id'] for one in found} ^ known)[:3]}")
    open_ones = [one["id"] for one in found if one["state"] != "resolved"]
    cluster.findings.check(not open_ones, f"{workspace.name}: resolved and still open: {open_ones[:3]}")
    counts["breakers"] += len(known)


def effects(cluster, workspace, seen, counts):
    """The stream has each score once and each step of each breaker once, in order."""
    check, reader = cluster.findings.check, cluster.readers[workspace.number]
    with workspace.lock:
        scored = Counter({one.id: len(one.scores) - one.unheard for one in workspace.conversations.values() if len(one.scores) > one.unheard})
        resolved = Counter({one.id: one.resolved for one in workspace.conversations.values() if one.resolved})
    steps = [(kind, breaker) for breaker, _ in workspace.breakers for kind in BREAKERS]
    # The last effect of all is there when every kind is.
    for kind, count in (("conversation.scored", scored.total()), ("conversation.resolved", resolved.total()), (BREAKERS[2], len(workspace.breakers))):
        reader.await_count(kind, count, patience(cluster))
    with reader.changed:
        seen = list(seen)
    for kind, expected in (("conversation.scored", scored), ("conversation.resolved", resolved)):
        came = Counter(data["conversationId"] for _, name, data in seen if name == kind)
        check(came == expected, f"{workspace.name}: {kind} came for {came.total()} of {expected.total()}; too few {list((expected - came).items())[:3]}, too many {list((came - expected).items())[:3]}")
    came = [(kind, data["id"]) for _, kind, data in seen if kind in BREAKERS]
    check(came == steps, f"{workspace.name}: the stream has {len(came)} steps of breakers, {len(steps)} were made; {first_other(came, steps)}")
    counts["effects"] += len(seen)


def first_other(came, expected):
    at = next((at for at, (one, other) in enumerate(zip(came, expected)) if one != other), min(len(came), len(expected)))
    return f"at {at}: {came[at:at + 2]} for {expected[at:at + 2]}"


def replay(cluster, workspace):
    """Who reads the whole stream again sees what was seen while it happened."""
    live = cluster.readers[workspace.number]
    again = Reader(workspace, cluster.up, cluster.findings, after=live.begun)
    with live.changed:
        seen = list(live.effects)
    with again.changed:
        again.changed.wait_for(lambda: len(again.effects) >= len(seen), patience(cluster))
        again.over = True
        cluster.findings.check(again.effects == seen, f"{workspace.name}: the stream read again has {len(again.effects)} effects, {len(seen)} had come; {first_other(again.effects, seen)}")


def webhooks(cluster, workspace):
    """Each step of each breaker was delivered, those of an account in order."""
    steps = [(kind, breaker) for breaker, _ in workspace.breakers for kind in BREAKERS]
    accounts, came, expected = dict(workspace.breakers), {}, {}
    cluster.receiver.await_count(workspace.name, len(steps), patience(cluster))
    for kind, data in cluster.receiver.messages(workspace.name):
        came.setdefault(accounts.get(data["id"]), []).append((kind, data["id"]))
    for kind, breaker in steps:
        expected.setdefault(accounts[breaker], []).append((kind, breaker))
    for account in {*came, *expected}:
        one, other = came.get(account, []), expected.get(account, [])
        cluster.findings.check(one == other, f"{workspace.name}: webhooks of {account}: {len(one)} of {len(other)}; {first_other(one, other)}")


def gates(cluster, workspace):
    """With every breaker resolved every account goes on, and the epoch has counted each step once."""
    for account in GOOD + BAD:
        for node in cluster.up():
            answer = cluster.decided(node, workspace, f"quality/gate?accountId={account}")
            if answer is None or answer.body.get("stale"):
                cluster.findings.add(f"{node.name} has nothing to say on {account} of {workspace.name}: {answer}")
            else:
                epoch = CHANGES * len(workspace.breakers)
                cluster.findings.check(answer.body["decision"] == "proceed" and answer.body["epoch"] == epoch and not answer.body["breakers"],
                                       f"{node.name} answers {answer} for {account} of {workspace.name}: proceed at {epoch} expected")


def panics(cluster, node):
    """A fault outside is no reason for one."""
    lines = node.log.read_text(errors="replace").splitlines() if node.log.exists() else []
    at = [number for number, line in enumerate(lines) if "panicked at" in line]
    if len(at) > node.panics:
        node.panics = len(at)
        cluster.findings.add(f"{node.name} panicked: {' '.join(lines[at[-1]:at[-1] + 2])}")


def logs(cluster, counts):
    """In NATS the numbers of each log are dense, and no epoch stands behind a newer one."""
    for name in sorted(cluster.nats.ask(lambda nats: nats.streams())):
        if not name.startswith(f"{cluster.name}-log-"):
            continue
        last, newest = None, 0
        for number, message in cluster.nats.ask(lambda nats: list(nats.read(name))):
            cluster.findings.check(last is None or number == last + 1, f"{name}: {number} stands behind {last}")
            last = number
            if EPOCH in message.headers:
                epoch = int(message.headers[EPOCH])
                cluster.findings.check(epoch >= newest, f"{name}: epoch {epoch} ({message.headers.get(NODE)}) at {number} stands behind {newest}")
                counts["epochs"] += epoch > newest
                newest = max(newest, epoch)
            counts["records"] += 1
