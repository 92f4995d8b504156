"""Ends a request: in use or failed, recorded and announced, and everything it held given back."""

import json
import os
import re
from datetime import UTC, datetime, timedelta

from landing_zone import QUARANTINE
from ledger import Ledger, email_item, name_item, now, request_item, start_key
from suite import RESUMES, client, emit, fault, serves

EXECUTION = re.compile(r"(req-[0-9a-f-]{36})(?:-([0-9]+))?")
CLASSES = {
    "Throttled": "throttled",
    "NotReady": "not-ready",
    "Invalid": "invalid",
    "Conflict": "conflict",
    "Denied": "denied",
}
PATIENCE = timedelta(minutes=15)
PAGE = 100
NEVER_STARTED = {
    "class": "retryable",
    "name": "Retryable.NeverStarted",
    "reason": "The request was recorded, but its workflow was never started.",
    "advice": "Send the same request again.",
}

ledger = Ledger()
events = client("events")
event_bus = os.environ["EVENT_BUS_NAME"]


@serves
def handler(event):
    if "sweep" in event:
        return {"failed": sweep()}
    if "detail" in event:
        return {"state": ended(event["detail"])}
    if event["outcome"] == "active":
        return {"state": activate(event["requestId"])}
    error = event.get("error", {})
    failure = failure_of(error.get("Error", "Unknown"), error.get("Cause"))
    return {"state": fail(ledger.record(event["requestId"]), event.get("attempt"), failure)}


def ended(detail):
    """An execution that ended without recording it."""
    match = EXECUTION.fullmatch(detail["name"])
    if not match:
        raise fault("Invalid.NoRequest", "the event names no request of this suite")
    status = detail["status"]
    name = detail.get("error") or f"Retryable.Execution{status.title().replace('_', '')}"
    failure = failure_of(name, detail.get("cause") or f"The workflow ended with {status}.")
    return fail(ledger.record(match[1]), int(match[2] or 1), failure)


def activate(request_id):
    """Announces first: a vended account that nobody hears of is worse than one heard of twice."""
    record = ledger.record(request_id)
    if record["state"] == "ACTIVE":
        return "ACTIVE"
    record = ledger.begin(request_id, "announce")
    if "finishedAt" not in record["steps"].get("place", {}):
        raise fault("Conflict.NotPlaced", f"the account of request {request_id} is not in its organizational unit")
    publish("Account Vended", detail_of(record, "ACTIVE", record.get("organizationalUnit")))
    record = ledger.update(
        request_item(request_id),
        "SET #state = :active, updatedAt = :now, steps.#step.finishedAt = :now REMOVE failure",
        "attribute_exists(accountId) AND #state <> :failed",
        {"#state": "state", "#step": "announce"},
        {":active": "ACTIVE", ":failed": "FAILED", ":now": now()},
        "ALL_NEW",
    )
    if record is None:
        raise fault("Conflict.RequestSettled", f"request {request_id} has already ended", "Nothing.")
    seconds = (datetime.now(UTC) - datetime.fromisoformat(record["createdAt"])).total_seconds()
    emit([("AccountsVended", "Count", 1), ("TimeToVend", "Seconds", seconds)], properties=properties(record))
    return "ACTIVE"


def fail(record, attempt, failure):
    if record["state"] == "ACTIVE" or attempt not in (None, record["attempt"]):
        return record["state"]
    request_id = record["requestId"]
    if record["state"] != "FAILED":
        unit = record.get("organizationalUnit", QUARANTINE) if "accountId" in record else None
        publish("Account Vending Failed", detail_of(record, "FAILED", unit, failure))
        record = ledger.update(
            request_item(request_id),
            "SET #state = :failed, updatedAt = :now, failure = if_not_exists(failure, :failure)",
            "attribute_exists(id) AND #state <> :active AND attempt = :attempt",
            {"#state": "state"},
            {
                ":active": "ACTIVE",
                ":failed": "FAILED",
                ":attempt": record["attempt"],
                ":failure": failure,
                ":now": now(),
            },
            "ALL_NEW",
        )
        if record is None:
            return ledger.record(request_id)["state"]
        emit([("AccountsFailed", "Count", 1)], properties=properties(record))
    ledger.release_slot(request_id)
    if gives_up_its_name(record):
        for item_id in (name_item(record["request"]["name"]), email_item(record["rootEmail"])):
            release(item_id, request_id)
    return "FAILED"


def sweep():
    """Fails every request that was recorded and never reached a workflow."""
    failed, start = 0, None
    while True:
        page = ledger.list({"state": "RECEIVED"}, PAGE, start)
        for listed in page[:PAGE]:
            record = ledger.record(listed["requestId"])
            idle = datetime.now(UTC) - datetime.fromisoformat(record["updatedAt"])
            if record["state"] == "RECEIVED" and not record["steps"] and idle > PATIENCE:
                fail(record, record["attempt"], NEVER_STARTED)
                failed += 1
        if len(page) <= PAGE:
            return failed
        start = start_key(page[PAGE - 1])


def gives_up_its_name(record):
    creation = record.get("creation")
    nothing_made = "accountId" not in record and (creation is None or "failed" in creation)
    return nothing_made and record.get("failure", {}).get("class") in ("invalid", "conflict")


def release(item_id, holder):
    try:
        ledger.client.delete_item(
            TableName=ledger.table,
            Key={"id": {"S": item_id}},
            ConditionExpression="holder = :holder",
            ExpressionAttributeValues={":holder": {"S": holder}},
        )
    except ledger.client.exceptions.ConditionalCheckFailedException:
        pass


def publish(detail_type, detail):
    entry = {
        "EventBusName": event_bus,
        "Source": "ai-landing-zone.accounts",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"] > 0:
        raise fault("Retryable", f"EventBridge did not take the event: {answer['Entries'][0].get('ErrorCode')}")


def detail_of(record, state, unit, failure=None):
    request = record["request"]
    detail = {
        "requestId": record["requestId"],
        "attempt": int(record["attempt"]),
        "accountId": record.get("accountId"),
        "name": request["name"],
        "accountType": request["accountType"],
        "environment": request.get("environment"),
        "organizationalUnit": unit,
        "state": state,
        "failure": failure,
    }
    return {key: value for key, value in detail.items() if value is not None}


def failure_of(name, cause):
    try:
        message = json.loads(cause or "")["errorMessage"]
    except (ValueError, KeyError, TypeError):
        message = cause or "no cause given"
    reason, _, advice = message.partition("\n")
    kind = CLASSES.get(name.split(".")[0], "retryable")
    return {"class": kind, "name": name, "reason": reason, "advice": advice or RESUMES}


def properties(record):
    return {
        "account_request_id": record["requestId"],
        "account_type": record["request"]["accountType"],
        "environment": record["request"].get("environment", "core"),
    }
