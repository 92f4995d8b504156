"""The REST API of account requests: checks, reserves, starts the vending workflow, and reads requests back."""

import base64
import hashlib
import json
import os
import re
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone import ACCOUNT_ID, ACCOUNT_TYPES, EMAIL, ENVIRONMENTS, FIELDS, REQUEST_ID, check_request, root_email
from ledger import STATES, Ledger, email_item, name_item, now, pack, request_item, reservation, start_key
from suite import class_of, client, code, emit, serves

MAX_BYTES = 64 * 1024
KEY_LIFE = 7 * 24 * 60 * 60
CONTENTION_WAITS = (0.025, 0.05, 0.1, 0.2)
ALL_STATES = [*dict.fromkeys(STATES.values()), "ACTIVE", "FAILED"]
FILTERS = {"state": ALL_STATES, "environment": list(ENVIRONMENTS), "accountType": list(ACCOUNT_TYPES)}
SUMMARY = ["requestId", "state", "requester", "createdAt", "updatedAt", "accountId", "organizationalUnit", "rootEmail"]
TITLES = {
    "malformed-body": (400, "The body cannot be read"),
    "invalid-request": (400, "The request has wrong fields"),
    "invalid-query": (400, "The query has wrong parameters"),
    "invalid-idempotency-key": (400, "The Idempotency-Key cannot be used"),
    "unsigned": (403, "The caller is not known"),
    "unknown-path": (404, "There is nothing at this path"),
    "unknown-account": (404, "There is no such account request"),
    "method-not-allowed": (405, "The path does not have this method"),
    "name-taken": (409, "The account name is taken"),
    "root-email-taken": (409, "The root e-mail is taken"),
    "body-too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body has another media type"),
    "idempotency-key-reused": (422, "The Idempotency-Key stands for another request"),
    "throttled": (429, "Too many requests at the moment"),
    "internal": (500, "The service made a mistake"),
    "unavailable": (503, "The service cannot answer right now"),
}

ledger = Ledger()
states = client("stepfunctions")
state_machine = os.environ["VENDING_STATE_MACHINE_ARN"]
root_email_pattern = os.environ["ROOT_EMAIL_PATTERN"]


class Problem(Exception):
    """A problem as clients see it (RFC 9457)."""

    def __init__(self, name, detail, **more):
        super().__init__(detail)
        self.status, title = TITLES[name]
        document = {"type": f"/problems/{name}", "title": title, "status": self.status, "detail": detail, **more}
        self.document = {key: value for key, value in document.items() if value}


@serves
def handler(event):
    try:
        return route(event)
    except Problem as problem:
        return respond(problem.status, problem.document, "application/problem+json")
    except (BotoCoreError, ClientError) as error:
        problem = trouble(error)
        return respond(problem.status, problem.document, "application/problem+json")


def route(event):
    segments = event["path"].strip("/").split("/")
    if segments[0] != "accounts" or len(segments) > 2:
        raise Problem("unknown-path", "The API has /accounts, /accounts/{id} and /tags/coverage.")
    if len(segments) == 2 and event["httpMethod"] == "GET":
        return read(segments[1])
    if len(segments) == 1 and event["httpMethod"] == "GET":
        return listing(event)
    if len(segments) == 1 and event["httpMethod"] == "POST":
        answer = submit(event)
        emit([("RequestsAccepted", "Count", 1)])
        return answer
    raise Problem("method-not-allowed", "Use one of these methods: GET, POST.")


def submit(event):
    caller = event["requestContext"].get("identity", {}).get("userArn")
    if not caller:
        raise Problem("unsigned", "Sign the request with IAM credentials.")
    key = idempotency_key(event)
    request = body_of(event)
    errors = check_request(request)
    if errors:
        raise Problem("invalid-request", "Correct what the entries in errors name.", errors=errors)
    request = {field: request[field] for field in FIELDS if request.get(field) is not None}
    email = root_email(root_email_pattern, request)
    if not EMAIL.fullmatch(email):
        detail = f"makes the root e-mail {email}, which must have 6 to 64 characters"
        raise Problem("invalid-request", detail, errors=[{"field": "name", "detail": detail}])
    principal = re.sub(r"(:assumed-role/[^/]+)/.*", r"\1", caller)
    record = new_record(request, email, caller, digest(principal, json.dumps(request, sort_keys=True)))
    outcome, value = reserve(record, key and digest(principal, key))
    if outcome == "repeated":
        if value["fingerprint"] != record["fingerprint"]:
            raise Problem("idempotency-key-reused", f"This key was used for request {value['requestId']}.")
        record = carry_on(ledger.record(value["requestId"]))
    elif outcome == "accepted":
        record = carry_on(record)
    else:
        record = held(record, outcome, value)
    link = f"/{event['requestContext'].get('stage', 'v1')}/accounts/{record['requestId']}"
    answer = {"requestId": record["requestId"], "state": record["state"], "links": {"self": link}}
    print(json.dumps({"level": "INFO", "message": "accepted", "account_request_id": record["requestId"]}))
    return respond(202, answer, Location=link)


def new_record(request, email, caller, fingerprint):
    time_now = now()
    return {
        "requestId": f"req-{uuid.uuid4()}",
        "state": "RECEIVED",
        "createdAt": time_now,
        "updatedAt": time_now,
        "attempt": 1,
        "request": request,
        "rootEmail": email,
        "requester": caller,
        "fingerprint": fingerprint,
        "steps": {},
    }


def reserve(record, key):
    """Writes the request with its reservations and key: all of them or nothing."""
    request_id = record["requestId"]
    names = {"name-taken": name_item(record["request"]["name"]), "root-email-taken": email_item(record["rootEmail"])}
    items = [{"id": request_item(request_id), "kind": "request", **record}]
    items += [reservation(item_id, request_id) for item_id in names.values()]
    if key:
        stands_for = {"digest": key, "requestId": request_id, "fingerprint": record["fingerprint"]}
        items.append({"id": f"key#{key}", "kind": "key", **stands_for, "expiresAt": int(time.time()) + KEY_LIFE})
    condition = {"TableName": ledger.table, "ConditionExpression": "attribute_not_exists(id)"}
    puts = [{"Put": {"Item": pack(item), **condition}} for item in items]
    for wait in (*CONTENTION_WAITS, None):
        try:
            ledger.client.transact_write_items(TransactItems=puts)
            return "accepted", None
        except ledger.client.exceptions.TransactionCanceledException:
            holders = {kind: (ledger.get(item_id) or {}).get("holder") for kind, item_id in names.items()}
            used = ledger.get(f"key#{key}") if key else None
        if used:
            return "repeated", used
        for kind, holder in holders.items():
            if holder not in (None, request_id):
                return kind, holder
        if all(holders.values()):
            return "accepted", None
        if wait:
            time.sleep(wait)
    raise Problem("unavailable", "Send the same request again.")


def carry_on(record):
    """A failed request begins its next attempt, a received one is started, any other is under way."""
    if record["state"] == "FAILED":
        record = resume(record)
    if record["state"] == "RECEIVED":
        name = record["requestId"] if record["attempt"] <= 1 else f"{record['requestId']}-{record['attempt']}"
        given = json.dumps({"requestId": record["requestId"], "attempt": int(record["attempt"])})
        try:
            states.start_execution(stateMachineArn=state_machine, name=name, input=given)
        except states.exceptions.ExecutionAlreadyExists:
            pass
    return record


def resume(record):
    changed = ledger.update(
        request_item(record["requestId"]),
        "SET #state = :received, attempt = :next, updatedAt = :now, steps = :none REMOVE failure",
        "#state = :failed AND attempt = :attempt",
        {"#state": "state"},
        {
            ":received": "RECEIVED",
            ":failed": "FAILED",
            ":attempt": record["attempt"],
            ":next": record["attempt"] + 1,
            ":now": now(),
            ":none": {},
        },
        "ALL_NEW",
    )
    return changed if changed is not None else ledger.record(record["requestId"])


def held(record, kind, holder):
    """Somebody holds the name or root e-mail; where that is this very request, failed, it resumes."""
    twin = ledger.get(request_item(holder)) if REQUEST_ID.fullmatch(holder) else None
    if twin and twin["fingerprint"] == record["fingerprint"]:
        had_failed = twin["state"] == "FAILED"
        twin = carry_on(twin)
        if had_failed:
            return twin
    field = "name" if kind == "name-taken" else "rootEmail"
    errors = [{"field": field, "detail": f"is held by {holder}"}]
    raise Problem(kind, f"It is held by {holder}. Choose another name.", errors=errors, holder=holder)


def read(wanted):
    request_id = wanted
    if ACCOUNT_ID.fullmatch(wanted):
        request_id = (ledger.get(f"account#{wanted}") or {}).get("requestId", "")
    record = ledger.get(request_item(request_id)) if REQUEST_ID.fullmatch(request_id) else None
    if record is None:
        raise Problem("unknown-account", "Use an id that POST /v1/accounts returned.")
    steps = sorted(record["steps"].items(), key=lambda step: step[1]["startedAt"])
    timeline = [{"step": step, **times} for step, times in steps]
    verified = {"verified": record["attestation"]} if record.get("attestation") else {}
    return respond(200, {**summary(record), "timeline": timeline, **verified})


def listing(event):
    query = event.get("queryStringParameters") or {}
    errors = [
        {
            "field": name,
            "detail": f"must be one of {', '.join(FILTERS[name])}" if name in FILTERS else "is not a parameter",
        }
        for name, value in query.items()
        if name not in ("pageSize", "pageToken") and value not in FILTERS.get(name, ())
    ]
    size = query.get("pageSize", "50")
    if not (size.isdecimal() and 1 <= int(size) <= 100):
        errors.append({"field": "pageSize", "detail": "must be a whole number from 1 to 100"})
    filters = {name: query[name] for name in FILTERS if name in query}
    filter_digest = digest("", json.dumps(filters, sort_keys=True))
    start = None
    if "pageToken" in query:
        try:
            token = json.loads(base64.urlsafe_b64decode(query["pageToken"]))
            start = token["position"] if token["filter"] == filter_digest else None
        except (ValueError, KeyError):
            start = None
        if start is None:
            errors.append({"field": "pageToken", "detail": "is not a token of this list"})
    if errors:
        raise Problem("invalid-query", "Correct what the entries in errors name.", errors=errors)
    records = ledger.list(filters, int(size), start)
    answer = {"accounts": [summary(record) for record in records[: int(size)]]}
    if len(records) > int(size):
        token = json.dumps({"filter": filter_digest, "position": start_key(records[int(size) - 1])})
        answer["nextPageToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return respond(200, answer)


def summary(record):
    shown = {**{key: record[key] for key in SUMMARY if key in record}, **record["request"]}
    shown["attempt"] = int(record["attempt"])
    if "failure" in record:
        shown["failure"] = record["failure"]
    return shown


def body_of(event):
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if headers.get("content-type", "application/json").split(";")[0].strip().lower() != "application/json":
        raise Problem("unsupported-media-type", "Send JSON with the header Content-Type: application/json.")
    text = event.get("body") or ""
    try:
        text = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
        if len(text) > MAX_BYTES:
            raise Problem("body-too-large", f"The body may have {MAX_BYTES} bytes.")
        body = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Problem("malformed-body", f"The body is not the JSON expected: {error}.") from error
    if not isinstance(body, dict):
        raise Problem("malformed-body", "The body must be a JSON object.")
    return body


def unique(pairs):
    """Of two equal keys most readers keep the last without a word; here the second one is an error."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def idempotency_key(event):
    headers = {name.lower(): values for name, values in (event.get("multiValueHeaders") or {}).items()}
    keys = headers.get("idempotency-key", [])
    if len(keys) > 1 or any(not re.fullmatch(r"[!-~]{1,64}", key) for key in keys):
        raise Problem("invalid-idempotency-key", "Send one Idempotency-Key of 1 to 64 visible ASCII characters.")
    return keys[0] if keys else None


def digest(principal, text):
    return hashlib.sha256(f"{principal}\n{text}".encode()).hexdigest()


def trouble(error):
    """A failure behind the API: the log has it all, the client learns whether to try again."""
    print(json.dumps({"level": "ERROR", "message": "failed", "reason": str(error)}))
    kind = class_of(error) if isinstance(error, ClientError) else "Retryable"
    if kind == "Throttled" or (isinstance(error, ClientError) and code(error) == "ExecutionLimitExceeded"):
        return Problem("throttled", "Send the same request again in a moment.")
    if kind in ("Retryable", "NotReady"):
        return Problem("unavailable", "Send the same request again in a moment.")
    return Problem("internal", "The operators find it in the log.")


def respond(status, body, media_type="application/json", **headers):
    headers = {"Content-Type": media_type, "Cache-Control": "no-store", **headers}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body), "isBase64Encoded": False}
