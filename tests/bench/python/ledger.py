"""The ledger, as the Rust crate of the same name keeps it: one DynamoDB table, touched in a few ways."""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from suite import client, fault

STATES = {
    "reserve": "RECEIVED",
    "slot": "CREATING",
    "create": "CREATING",
    "quarantine": "QUARANTINED",
    "probe": "BASELINING",
    "member-roles": "BASELINING",
    "profile": "BASELINING",
    "verify": "VERIFYING",
    "place": "PLACING",
    "announce": "PLACING",
}
OPEN = "attribute_exists(id) AND NOT (#state IN (:active, :failed))"
ENDED = {":active": "ACTIVE", ":failed": "FAILED"}
PACE = "pace#create-account"
KEPT_SECONDS = 15 * 86_400
WORK_SECONDS, LOCK_SECONDS, TALLY_SECONDS = 400 * 86_400, 3_600, 86_400
LONGEST_TEXT = 390_000

serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pack(item):
    return {key: serialize(value) for key, value in item.items()}


def unpack(item):
    return {key: deserialize(value) for key, value in item.items()}


def request_item(request_id):
    return f"request#{request_id}"


def name_item(name):
    return f"name#{name.lower()}"


def email_item(email):
    return f"email#{email.lower()}"


def start_key(record):
    """Where the list goes on after a request."""
    return {"id": request_item(record["requestId"]), "kind": "request", "createdAt": record["createdAt"]}


def reservation(item_id, holder):
    return {"id": item_id, "kind": "reservation", "holder": holder}


@dataclass
class Versioned:
    """What was read, and the version that a change of it builds on."""

    value: dict
    version: int = 0


def lock_item(case):
    told = case["remediation"]
    return f"lock#{told['accountId']}#{told['region']}#{told['resource']}"


def tally_item():
    return f"tally#{datetime.now(UTC):%Y-%m-%dT%H}"


class Ledger:
    def __init__(self):
        self.client = client("dynamodb")
        self.table = os.environ["LEDGER_TABLE"]

    def get(self, item_id):
        answer = self.client.get_item(TableName=self.table, Key=pack({"id": item_id}), ConsistentRead=True)
        return unpack(answer["Item"]) if "Item" in answer else None

    def put(self, item, condition, values=None):
        """Writes a whole item if `condition` holds; False when it does not."""
        more = {"ExpressionAttributeValues": pack(values)} if values else {}
        try:
            self.client.put_item(TableName=self.table, Item=pack(item), ConditionExpression=condition, **more)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def update(self, item_id, expression, condition=None, names=None, values=None, returns="NONE"):
        """Changes an item; None when the condition does not hold, else the item after it where asked for."""
        more = {}
        if condition:
            more["ConditionExpression"] = condition
        if names:
            more["ExpressionAttributeNames"] = names
        if values:
            more["ExpressionAttributeValues"] = pack(values)
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=pack({"id": item_id}),
                UpdateExpression=expression,
                ReturnValues=returns,
                **more,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return None
        return unpack(answer.get("Attributes", {}))

    def record(self, request_id):
        record = self.get(request_item(request_id))
        if record is None:
            raise fault("Invalid.UnknownRequest", f"there is no request {request_id}")
        return record

    def begin(self, request_id, step):
        """Notes that a step begins and returns the request."""
        time = now()
        record = self.update(
            request_item(request_id),
            "SET #state = :state, updatedAt = :now, steps.#step = if_not_exists(steps.#step, :times)",
            OPEN,
            {"#state": "state", "#step": step},
            {**ENDED, ":state": STATES[step], ":now": time, ":times": {"startedAt": time}},
            "ALL_NEW",
        )
        return record if record is not None else self.refuse(request_id)

    def finish(self, request_id, step, **result):
        """Notes that a step has ended, with what came of it."""
        expression = "SET updatedAt = :now, steps.#step.finishedAt = :now"
        names = {"#state": "state", "#step": step}
        values = {**ENDED, ":now": now()}
        for name, value in result.items():
            expression += ", #result = :result"
            names["#result"] = name
            values[":result"] = value
        if self.update(request_item(request_id), expression, OPEN, names, values) is None:
            self.refuse(request_id)

    def refuse(self, request_id):
        self.record(request_id)
        raise fault("Conflict.RequestSettled", f"request {request_id} has already ended", "Nothing.")

    def account(self, record):
        if "accountId" not in record:
            raise fault("Conflict.NoAccount", f"request {record['requestId']} has no account yet")
        return record["accountId"]

    def reserve(self, item_id, holder):
        """Makes sure that `holder` holds the item; else returns who does."""
        if self.put(reservation(item_id, holder), "attribute_not_exists(id) OR holder = :holder", {":holder": holder}):
            return None
        held = self.get(item_id)
        if held is None:
            raise fault("Retryable", f"another writer changed {item_id} at the same moment")
        return held["holder"]

    def list(self, filters, size, start=None):
        """Requests, newest first: one more than `size`, to see whether there is a next page."""
        paths = {
            "state": "#state",
            "environment": "#request.environment",
            "accountType": "#request.accountType",
        }
        values = {":kind": "request", **{f":{name}": value for name, value in filters.items()}}
        arguments = {
            "TableName": self.table,
            "IndexName": "requests-by-time",
            "KeyConditionExpression": "kind = :kind",
            "ExpressionAttributeValues": pack(values),
            "ScanIndexForward": False,
        }
        if filters:
            conditions = [f"{paths[name]} = :{name}" for name in filters]
            names = {paths[name].split(".")[0] for name in filters}
            arguments["FilterExpression"] = " AND ".join(conditions)
            arguments["ExpressionAttributeNames"] = {name: name[1:] for name in names}
        if start:
            arguments["ExclusiveStartKey"] = pack(start)
        records = []
        while len(records) <= size:
            answer = self.client.query(**arguments)
            records += [unpack(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return records

    def release_slot(self, holder):
        self.update(
            PACE,
            "REMOVE holders.#holder ADD version :one",
            "attribute_exists(holders.#holder)",
            {"#holder": holder},
            {":one": 1},
        )

    def keep(self, item_id, content, kind=None):
        """Keeps what a sweep found."""
        item = {"id": item_id, "createdAt": now(), "expiresAt": int(time.time()) + KEPT_SECONDS, "content": content}
        if kind:
            item["kind"] = kind
        self.put(item, "attribute_not_exists(id) OR attribute_exists(id)")

    def kept(self, item_id):
        item = self.get(item_id)
        return item["content"] if item else None

    def all_kept(self, kind):
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName="requests-by-time",
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues=pack({":kind": kind}),
        )
        return [unpack(item)["content"] for page in pages for item in page["Items"]]

    def versioned(self, item_id):
        item = self.get(item_id)
        return Versioned(json.loads(item["content"]), int(item["version"])) if item else None

    def store(self, item_id, found, **fields):
        """Stores what was read, or is new. False when another writer was faster."""
        content = json.dumps(found.value, separators=(",", ":"), ensure_ascii=False)
        if len(content.encode()) > LONGEST_TEXT:
            reason = f"item {item_id} of the ledger cannot be read: {len(content)} characters are more than it holds"
            raise fault("Invalid.UnreadableItem", reason)
        item = {"id": item_id, "version": found.version + 1, "content": content, **fields}
        if found.version:
            stored = self.put(item, "version = :before", {":before": found.version})
        else:
            stored = self.put(item, "attribute_not_exists(id)")
        found.version += stored
        return stored

    def case(self, case_id):
        return self.versioned(f"remediation#{case_id}")

    def store_case(self, found):
        case = found.value
        told, opened = case["remediation"], datetime.fromisoformat(case["openedAt"])
        return self.store(
            f"remediation#{case['id']}",
            found,
            kind="remediation",
            createdAt=opened.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            state=case["state"],
            accountId=told["accountId"],
            control=told["control"],
        )

    def work(self, case):
        return self.versioned(f"work#{case['id']}#{case['attempt']}")

    def store_work(self, case, work):
        return self.store(f"work#{case['id']}#{case['attempt']}", work, expiresAt=int(time.time()) + WORK_SECONDS)

    def lock(self, case):
        """Takes the resource of a case. False while another case has it."""
        seconds = int(time.time())
        item = {"id": lock_item(case), "holder": case["id"], "expiresAt": seconds + LOCK_SECONDS}
        condition = "attribute_not_exists(id) OR holder = :holder OR expiresAt < :now"
        return self.put(item, condition, {":holder": case["id"], ":now": seconds})

    def unlock(self, case):
        values = {":holder": case["id"], ":never": 0}
        self.update(lock_item(case), "SET expiresAt = :never REMOVE holder", "holder = :holder", values=values)

    def tally(self):
        """How many cases ended well and badly in this hour."""
        return {scope: int(count) for scope, count in (self.get(tally_item()) or {}).get("counts", {}).items()}

    def count(self, control, account, well):
        scopes = {"#all": "all", "#control": control, "#account": account}
        names = {name: f"{scope}{'+' if well else '-'}" for name, scope in scopes.items()}
        expression = "ADD counts.#all :one, counts.#control :one, counts.#account :one"
        counted = (tally_item(), expression, "attribute_exists(counts)", names, {":one": 1})
        if self.update(*counted) is None:
            values = {":none": {}, ":expires": int(time.time()) + TALLY_SECONDS}
            made = "SET counts = :none, expiresAt = :expires"
            self.update(counted[0], made, "attribute_not_exists(counts)", values=values)
            self.update(*counted)
