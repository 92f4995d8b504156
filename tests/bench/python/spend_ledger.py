"""Spending in the ledger: the bill, what was observed, decisions, what was done to an account."""

import json
from datetime import timedelta

from finops import now
from ledger import LONGEST_TEXT, Ledger, Versioned, pack
from suite import fault

KEPT, DAY = timedelta(days=400), timedelta(days=1)
PAID_KEPT, TOLD_KEPT = timedelta(days=30), timedelta(days=100)
ALWAYS = "attribute_not_exists(id) OR attribute_exists(id)"
NO_NEWER = "attribute_not_exists(id) OR createdAt <= :told"


def stamp(time):
    """A time to the millisecond, so that text sorts like time."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(time):
    return int(time.timestamp())


def new_record(account):
    """An account to which nothing was done."""
    nothing = {"reached": None, "begun": None, "guardrails": {}, "verdicts": {}, "change": None}
    return {"account": account, "stage": "none", **nothing, "lease": None, "failure": None, "timeline": []}


class SpendLedger(Ledger):
    def organization(self):
        """What is remembered of the organization."""
        known = self.get("organization")
        if known is None:
            advice = "Run the reconcile function, which reads it."
            raise fault("NotReady.NoOrganization", "the organization was not read yet", advice)
        return known

    def content(self, item_id):
        item = self.get(item_id)
        return json.loads(item["content"]) if item else None

    def contents(self, kind):
        """Everything of a kind, from the index: what was written a moment ago may be missing."""
        return [json.loads(text) for text in self.all_kept(kind)]

    def store_newer(self, item_id, kind, content, at):
        """False where one of a later time is stored: it stays."""
        return self.overwrite(item_id, kind, content, at, condition=NO_NEWER, values={":told": stamp(at)})

    def overwrite(self, item_id, kind, content, at, kept=KEPT, condition=ALWAYS, values=None):
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) > LONGEST_TEXT:
            reason = f"item {item_id} of the ledger cannot be read: {len(text)} characters are more than it holds"
            raise fault("Invalid.UnreadableItem", reason)
        item = {"id": item_id, "version": 0, "content": text, "kind": kind}
        return self.put(item | {"createdAt": stamp(at), "expiresAt": seconds(at + kept)}, condition, values)

    def spend(self, account):
        """What was done to an account, to be changed."""
        found = self.versioned(f"spend#{account}")
        if found is None:
            return Versioned(new_record(account))
        found.value = new_record(account) | found.value
        return found

    def store_spend(self, record):
        """False when another writer was faster: nothing is stored then."""
        item_id = f"spend#{record.value['account']}"
        return self.store(item_id, record, kind="spend-record", createdAt=stamp(now()))

    def take_turn(self, at, until, time):
        """Takes the turn at something until a time; False while somebody's turn lasts."""
        condition = "attribute_not_exists(endsAt) OR endsAt <= :now"
        return self.turn(at, until, condition, {":now": stamp(time)}) is not None

    def end_turn(self, at, ends):
        self.turn(at, ends)

    def turn(self, at, ends, condition=None, values=None):
        values = {":ends": stamp(ends), ":expires": seconds(ends + DAY), **(values or {})}
        return self.update(f"turn#{at}", "SET endsAt = :ends, expiresAt = :expires", condition, values=values)

    def pay(self, most, time):
        """Takes one of the day's paid requests; False when there is none left."""
        values = {":one": 1, ":most": most, ":expires": seconds(time + PAID_KEPT)}
        expression = "ADD requests :one SET expiresAt = :expires"
        condition = "attribute_not_exists(requests) OR requests < :most"
        return self.update(f"paid#{time.date()}", expression, condition, values=values) is not None

    def tell_once(self, key, time):
        """True for the first who tells people this."""
        item = {"id": f"told#{key}", "version": 0, "content": "", "createdAt": stamp(time)}
        return self.put(item | {"expiresAt": seconds(time + TOLD_KEPT)}, "attribute_not_exists(id)")

    def untell(self, key):
        """Forgets that people were told: they were not after all."""
        self.client.delete_item(TableName=self.table, Key=pack({"id": f"told#{key}"}))
