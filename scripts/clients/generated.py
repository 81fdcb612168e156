"""Asks a running server through what openapi-python-client makes of its document: `URL WORKSPACE KEY`.

mypy reads this file as well. What it must refuse stands beside what it must take, so that a client whose types have
become `Any` is a failure too.
"""

import sys
from typing import TypeVar
from uuid import UUID

from typing_extensions import assert_type

from tripswitch_client import AuthenticatedClient
from tripswitch_client.api.circuit_breakers import list_circuit_breakers
from tripswitch_client.api.configuration import update_csat_config
from tripswitch_client.api.events import ingest_events
from tripswitch_client.api.gate import ask_gate
from tripswitch_client.api.quality import get_conversation_quality
from tripswitch_client.models import (
    AllRejected,
    BreakerList,
    ConversationQuality,
    ConversationScored,
    ConversationScoredData,
    CsatConfig,
    CsatConfigPatch,
    Decision,
    Failure,
    Gate,
    IngestAnswer,
    MessageReceived,
    MessageReceivedData,
    RejectionCode,
)

T = TypeVar("T")
url, workspace, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
conversation = UUID("0191b5a2-7c3e-7d11-9f00-0000000000b1")


def only(kind: type[T], answer: object) -> T:
    """The answer, which has to be of this kind."""
    assert isinstance(answer, kind), answer
    return answer


def message(name: str, text: str) -> MessageReceived:
    data = MessageReceivedData(conversation_id=str(conversation), text=text)
    return MessageReceived(specversion="1.0", id=name, source="python", type_="message.received", data=data)


def scored(name: str, outcome: float) -> ConversationScored:
    data = ConversationScoredData(
        conversation_id=str(conversation), outcome_score=outcome, process_score=3.5, environment_score=4, resolved=True
    )
    return ConversationScored(specversion="1.0", id=name, source="python", type_="conversation.scored", data=data)


# One event.
text = "Where is my order?"
answer = ingest_events.sync(workspace, client=client, body=message("one", text))
assert_type(answer, AllRejected | Failure | IngestAnswer | None)
assert only(IngestAnswer, answer).accepted == 1

# A batch, of which one was sent before.
taken = only(IngestAnswer, ingest_events.sync(workspace, client=client, body=[message("one", text), scored("two", 4.5)]))
assert (taken.accepted, taken.duplicates, taken.rejected) == (1, 1, [])

# One of the batch is refused, then all of it.
partly = only(IngestAnswer, ingest_events.sync(workspace, client=client, body=[scored("three", 9), scored("four", 4)]))
assert partly.accepted == 1
assert_type(partly.rejected[0].code, RejectionCode)
assert (partly.rejected[0].index, partly.rejected[0].code) == (0, RejectionCode.INVALID_FIELD)
refused = only(AllRejected, ingest_events.sync(workspace, client=client, body=[scored("five", 9)]))
assert (refused.code, refused.rejected[0].pointer) == ("all_rejected", "/data/outcomeScore")

# A score, a list, and the gate.
score = only(ConversationQuality, get_conversation_quality.sync(str(conversation), client=client))
assert_type(score.outcome_score, float)
assert (score.conversation_id, score.outcome_score) == (conversation, 4)
breakers = only(BreakerList, list_circuit_breakers.sync(workspace, client=client))
assert breakers.total == 0 and breakers.items == []
assert only(Gate, ask_gate.sync(workspace, client=client)).decision is Decision.PROCEED

# A change, and failures.
changed = only(CsatConfig, update_csat_config.sync(workspace, client=client, body=CsatConfigPatch(circuit_breaker_count=4)))
assert changed.circuit_breaker_count == 4
wrong = only(Failure, update_csat_config.sync(workspace, client=client, body=CsatConfigPatch(circuit_breaker_count=0)))
assert wrong.code == "invalid_request" and wrong.details and wrong.details[0].pointer == "/circuitBreakerCount"
nothing = only(Failure, get_conversation_quality.sync(workspace, client=client))
assert_type(nothing.code, str)
assert nothing.code == "not_found"

if len(sys.argv) == 0:  # For mypy alone.
    ingest_events.sync(workspace, client=client, body={"id": "one"})  # type: ignore[arg-type]
    ingest_events.sync(workspace, client=client, body=[{"id": "one"}])  # type: ignore[list-item]
    MessageReceivedData(conversation_id="", txt="")  # type: ignore[call-arg]
