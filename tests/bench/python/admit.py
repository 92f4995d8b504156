"""Lets a request in: holds its name and root e-mail, then waits with it for a creation slot."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil

from ledger import PACE, Ledger, email_item, name_item, now
from suite import fault, serves

LEASE = timedelta(hours=2)
TRIES = 5
SLOT_WAIT_SECONDS = 15
LONGEST_WAIT_SECONDS = 60

ledger = Ledger()
slots = int(os.environ["CREATION_SLOTS"])
rate = float(os.environ["CREATION_RATE_PER_SECOND"])
burst = float(os.environ["CREATION_BURST"])


@serves
def handler(event):
    if event["action"] == "reserve":
        return reserve(event["requestId"])
    return take_slot(event["requestId"])


def reserve(request_id):
    record = ledger.begin(request_id, "reserve")
    held = [("Name", name_item(record["request"]["name"])), ("Email", email_item(record["rootEmail"]))]
    for kind, item_id in held:
        holder = ledger.reserve(item_id, request_id)
        if holder is not None and holder != record.get("accountId"):
            raise fault(f"Conflict.{kind}Taken", f"{item_id} is held by {holder}", "Choose another name.")
    ledger.finish(request_id, "reserve")
    return {"done": True}


def take_slot(request_id):
    record = ledger.begin(request_id, "slot")
    if "accountId" not in record:
        for _ in range(TRIES):
            wait, pace = take(ledger.get(PACE), request_id)
            if wait:
                return {"done": False, "waitSeconds": wait}
            if pace is None or store(pace):
                break
        if request_id not in (ledger.get(PACE) or {}).get("holders", {}):
            return {"done": False, "waitSeconds": 1}
    ledger.finish(request_id, "slot")
    return {"done": True}


def take(pace, holder):
    """Seconds to wait and the pace to store; neither when the slot is held already."""
    pace = pace or {"version": 0, "tokens": burst, "refilledAt": now(), "holders": {}}
    if holder in pace["holders"]:
        return None, None
    time = datetime.now(UTC)
    holders = {key: since for key, since in pace["holders"].items() if time - parse(since) < LEASE}
    if len(holders) >= slots:
        return SLOT_WAIT_SECONDS, None
    elapsed = max((time - parse(pace["refilledAt"])).total_seconds(), 0)
    tokens = min(float(pace["tokens"]) + elapsed * rate, burst)
    if tokens < 1:
        return min(max(ceil((1 - tokens) / rate), 1), LONGEST_WAIT_SECONDS), None
    holders[holder] = now()
    return None, {
        "version": pace["version"] + 1,
        "tokens": Decimal(str(tokens - 1)),
        "refilledAt": max(pace["refilledAt"], now()),
        "holders": holders,
    }


def store(pace):
    item = {"id": PACE, "kind": "pace", **pace}
    before = {":before": pace["version"] - 1}
    return ledger.put(item, "attribute_not_exists(id) OR version = :before", before)


def parse(stamp):
    return datetime.fromisoformat(stamp)
