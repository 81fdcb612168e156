"""What scripts/check-api adds to schemathesis: bodies of lines, and the failures that are none, each with its reason."""

import json
import os
import uuid

import schemathesis

# Verdicts that depend on the clock, on what came before, or on the server's configuration: no schema can say them.
VERDICTS = {"id_reused", "account_mismatch", "time_in_future", "too_old"}


@schemathesis.hook
def before_load_schema(ctx, document):
    """Events in all their forms. Of lines OpenAPI 3.1 can say only that they are text: here they are an array, written
    line by line below, under one of their names. Two forms the document has in words alone, for generated clients."""
    content = document["paths"]["/api/workspaces/{workspaceId}/events"]["post"]["requestBody"]["content"]
    one, many = ({"schema": {"$ref": f"#/components/schemas/{name}"}} for name in ("Event", "Events"))
    del content["application/jsonl"], content["application/ndjson"]
    content["application/x-ndjson"] = content["application/cloudevents-batch+json"] = many
    content["application/cloudevents+json"] = one


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    sent = value if isinstance(value, list) else [value]
    return "".join(json.dumps(one) + "\n" for one in sent).encode()


@schemathesis.hook
def map_path_parameters(ctx, parameters):
    """The key that asks must not revoke itself: everything behind it would be a 401."""
    if parameters and str(parameters.get("keyId", "")).lower() in os.environ["CHECK_API_OWN_KEYS"].split():
        return {**parameters, "keyId": str(uuid.UUID(int=1))}
    return parameters


@schemathesis.hook
def map_query(ctx, parameters):
    """A held gate is asked to answer soon."""
    if parameters and parameters.get("timeoutSeconds") in range(2, 61):
        return {**parameters, "timeoutSeconds": 1}
    if parameters and "waitEpoch" in parameters and "timeoutSeconds" not in parameters:
        return {**parameters, "timeoutSeconds": 1}
    return parameters


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Webhooks go to where nobody listens: nothing is sent to the hosts of examples, or to PagerDuty."""
    body, path = case.body, case.operation.path
    if not path.endswith(("/webhooks", "/webhooks/{webhookId}")) or not isinstance(body, dict):
        return
    url = body.get("url", "https:" if case.method.upper() == "POST" and body.get("format") == "pagerduty" else None)
    if isinstance(url, str) and url.startswith("http"):
        case.body = {**body, "url": "http://127.0.0.1:9/"}


# What the members of a webhook say of each other, and of the path (R8.3).
OF_WEBHOOKS = {
    "is not the webhook of the path", "is for the format pagerduty only", "is required for the format pagerduty",
    "must be types of breakers alone for the format pagerduty", "is required", "must not name a type twice",
}


# What settings have to fit: the signals that the workspace's model has, the days for which conversations are kept, and
# each other (R6.9, R10.7).
OF_SETTINGS = {
    "must be between 1 and 400",
    "is not a known signal", "is a signal without a weight", "is a signal of another model", "must not be after to",
    "must be three numbers that are not negative and not all 0",
}


@schemathesis.hook
def filter_failure(ctx, failure, case, response):
    """False for what is no failure."""
    kind, status = type(failure).__name__, response.status_code
    if kind == "RejectedPositiveData":
        return not rightly_rejected(ctx.operation.label, case, status, response)
    if kind == "AcceptedNegativeData":
        return not rightly_answered(case, status)
    if kind == "EnsureResourceAvailability":
        # A snapshot goes when as many newer ones were made as are kept, or another case prunes: both happen between.
        return not ctx.operation.label.endswith("/snapshots/{number}/verify")
    return True


def fits_no_schema(label, case, one):
    """Whether a detail is of what no schema says."""
    if one["error"] == "must be an integer":
        # `14.0` is an integer to JSON Schema, and is none to the contract (R3.8).
        return whole(sent(case.body, one["pointer"]))
    if one["error"] == "must be in steps of 0.01":
        # A multiple of 0.01 in binary floating point (4.3500000000000005); the server judges the decimal text (R3.8).
        return step(sent(case.body, one["pointer"]))
    return label.endswith(("/quality/backtest", "/quality/settings")) and one["error"] in OF_SETTINGS


def rightly_rejected(label, case, status, response):
    body = response.json()
    found = body.get("details", [])
    # Of a body and its path no schema says that they name the same workspace (R3.8).
    details = [one for one in found if one["error"] != "is not the workspace of the path"]
    if status == 400 and found and not details:
        return True
    with_period = ("/quality/stats", "/quality/overview", "/quality/timeseries", "/quality/calibration")
    if status == 400 and details and label.endswith(with_period):
        # `from` after `to` is a 400 (R3.1): JSON Schema compares no two members. Nor does it know how many buckets a
        # range has, or which time zones there are (R6.7).
        errors = {one["error"] for one in details if one["pointer"] not in ("/bucket", "/timeZone")}
        return errors <= {"must not be after to", "must not be after the end of today"}
    if status == 400 and details and "/webhooks" in label and {one["error"] for one in details} <= OF_WEBHOOKS:
        # `url` may be left out, `routingKey` be sent and `types` be others than breakers' only for some formats.
        return all(one["error"] != "is required" or one["pointer"] == "/url" for one in details)
    paged = ("/audit", "/history", "/deliveries", "GET /api/admin/keys", "GET /api/admin/workspaces")
    if status == 400 and details and label.endswith((*paged, "/accounts", "/conversations")):
        # A cursor is opaque (R2.6): only the server knows its own, and of which query it is (R6.6). And `from` after
        # `to`, as above; so for scores.
        steps = [one for one in details if "with at most two decimals" in one["error"]]
        known = {"is not a cursor of this list", "is a cursor of another query", "must not be after to",
                 "must not be above maxScore"}
        # A multiple of 0.01 in binary floating point, as below.
        return all(step(case.query.get(one["pointer"][1:])) for one in steps) and all(
            one in steps or one["error"] in known for one in details)
    if status == 400 and details and all(fits_no_schema(label, case, one) for one in details):
        return True
    if status == 400 and details and {one["error"] for one in details} == {"must be in the future"}:
        # What is future, no schema knows.
        return True
    if status == 400 and [one["error"] for one in details] == ["is required with a server key"]:
        # Only a tenant's administrator may leave the tenant out.
        return True
    if status == 400 and [one["error"] for one in details] == ["This ID is reserved."]:
        # The nil UUID, of all.
        return True
    if status in (400, 415) and body["code"] == "bad_encoding" and packed(case):
        # schemathesis does not pack bodies; tests/http does.
        return True
    if status == 422:
        return all(verdict(one, case.body) for one in body["rejected"])
    return False


def verdict(rejected, sent):
    if rejected["code"] in VERDICTS:
        return True
    event = sent[rejected["index"]] if isinstance(sent, list) else sent
    data = event.get("data", {})
    if event.get("type") == "signal.observed" and rejected["pointer"] in ("/data/dimension", "/data/weight"):
        # The catalogue's signals take neither; others need both unless they are configured (R4.6).
        return True
    member = (rejected["pointer"] or "").rsplit("/", 1)[-1]
    if rejected["code"] == "invalid_field" and step(data.get(member)):
        # As above: at most two decimals, judged on the decimal text.
        return True
    # Second 60 and the like are refused (R2.3), and so are lone surrogates: no text has them.
    return member == "time" and rejected["code"] == "invalid_field"


def rightly_answered(case, status):
    if status == 413 and isinstance(case.body, list):
        # More events than allowed are a 413 (R4.1), which the check does not count as a refusal.
        return len(case.body) > 1000
    # An empty list of codings is no coding, and a coding's name has no case (RFC 9110, 8.4).
    coding = (case.headers or {}).get("Content-Encoding")
    return status in (202, 207) and coding not in (None, "identity") and coding.strip().lower() in ("", "identity")


def sent(body, pointer):
    """What was sent there, in objects within each other."""
    for name in pointer[1:].split("/"):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def whole(value):
    return isinstance(value, float) and value.is_integer()


def step(value):
    return isinstance(value, float) and abs(value * 100 - round(value * 100)) < 1e-6 and round(value, 2) != value


def packed(case):
    return (case.headers or {}).get("Content-Encoding", "identity").lower() != "identity"
