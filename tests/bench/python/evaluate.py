"""Reads the bill of the organization into the ledger when it is due, and says whom to look into. Of the function's
actions, this is the one that the bench measures."""

import json
import os
import time as clock
from datetime import date, timedelta
from decimal import Decimal

from botocore.exceptions import BotoCoreError, ClientError

from finops import add_months, day_total, needs_net, now, plain, reaches_back, read_amount, read_policy, written
from finops import instant
from landing_zone import ACCOUNT_ID
from spend_ledger import SpendLedger
from suite import CONFIG, CREATE_ONCE, aws_fault, class_of, client, emit, listed, serves

TURN, READING, PAUSE = "bill", timedelta(minutes=6), timedelta(minutes=30)
DAY = timedelta(days=1)
METRIC, ATTEMPTS = "UnblendedCost", 3
REVISED, KEPT, DETAILED = 3 * DAY, 400 * DAY, 62 * DAY
MONTHS = 13
# An account that was not read for longer has to be read whole: for all the others, so many days are too many.
LONGEST = 10 * DAY
# Days of accounts that are read at once: five pages of 5,000 rows, where an account uses eight services.
ACCOUNT_DAYS = 3_000
CREDITS = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}

ledger = SpendLedger()
organizations = client("organizations")
# It answers in one Region, and each attempt costs money: boto3 attempts nothing by itself.
explorer = client("ce", config=CONFIG.merge(CREATE_ONCE), region="us-east-1")
policy = read_policy()
most_paid = int(os.environ.get("PAID_REQUESTS_PER_DAY") or 100)
refresh = timedelta(minutes=int(os.environ.get("CE_REFRESH_MINUTES") or 240))


class Unread(Exception):
    """There is no bill, for this reason."""


class Spent(Unread):
    """The day's requests are not enough."""


@serves
def handler(event):
    return {"costs": costs}[event["action"]](event.get("accounts"), event.get("force", False))


def costs(wanted, force):
    time = now()
    active = {one["Id"] for one in listed(organizations, "list_accounts", "Accounts") if one["State"] == "ACTIVE"}
    paid, waiting, why = 0, 0, None
    if ledger.take_turn(TURN, time + READING, time) or force:
        reader = Reader(time)
        waiting, why = read(reader, active, time)
        paid = reader.paid
        ledger.end_turn(TURN, time + (PAUSE if why else refresh))
        emit([("PaidRequests", "Count", paid), ("BillUnread", "Count", int(why is not None))])
    if wanted is None:
        # One that was in use when it was looked at last is looked at once more, to see what became of it.
        seen = (observed["account"] for observed in ledger.contents("spend-observed"))
        wanted = active | {account["id"] for account in seen if account["state"] == "ACTIVE"}
    answer = {"accounts": sorted(set(wanted)), "paid": paid, "waiting": waiting}
    answer["stale"] = why is not None or is_stale(active, time)
    return answer | ({"why": why} if why else {})


def is_stale(active, time):
    """All accounts are read together: one stands for all."""
    if not active:
        return False
    known = ledger.content(f"costs#{min(active)}")
    return known is None or time - instant(known["readAt"]) > refresh


def read(reader, active, time):
    """Reads and stores the bill: how many accounts wait for another day, and why it was not possible."""
    known = {costs["account"]: costs for costs in ledger.contents("spend-costs")}
    try:
        waiting = follow(reader, active, known, time)
    except Unread as why:
        print(json.dumps({"level": "ERROR", "message": "the bill could not be read", "reason": str(why)}))
        return 0, str(why)
    told = {"accounts": len(known), "waiting": waiting, "paid": reader.paid}
    print(json.dumps({"level": "INFO", "message": "the bill was read", **told}))
    return waiting, None


def plan(active, known, today):
    """From which day the bill of all accounts is read, and which accounts are read whole at once, from which day."""
    # No day may be left out since the last reading: days that are not there cost nothing.
    unread = {one: instant(known[one]["readAt"]).date() - REVISED for one in active if one in known}
    short = min((day for day in unread.values() if day >= today - LONGEST), default=today - REVISED)
    first = today.replace(day=1)
    begin, oldest = min(add_months(first, -1), reaches_back(policy, today)), add_months(first, -MONTHS)
    whole = {one: instant(known[one]["wholeAt"]).date() for one in active if known.get(one, {}).get("wholeAt")}
    due = sorted((whole.get(one, date.min), one) for one in active if whole.get(one, date.min) < today)
    due = [one for _, one in due]
    at_once = max(ACCOUNT_DAYS // max((today - begin).days, 1), 1)
    parts = [due[at : at + at_once] for at in range(0, len(due), at_once)]
    return short, [(part, max(min([begin] + [unread[one] for one in part if one in unread]), oldest)) for part in parts]


def follow(reader, active, known, time):
    """Few accounts are read whole at once. Of many, the last days are read, and then the accounts whose turn it is are
    read whole, part by part, as long as half of the day's requests last. How many wait for the next day."""
    half = -(-most_paid // 2)
    short, parts = plan(active, known, time.date())
    if len(parts) == 1 and len(parts[0][0]) == len(active):
        try:
            bill = reader.read(parts[0][1], None, half)
            keep(bill, sorted(active | bill["accounts"].keys()), True, known, time)
            return 0
        except Spent:
            if not known:
                raise
    bill = reader.read(short, None, most_paid)
    # It goes as far for those who spent nothing lately.
    through = bill["through"]
    keep(bill, sorted(active | bill["accounts"].keys()), False, known, time)
    for at, (accounts, start) in enumerate(parts):
        try:
            bill = reader.read(start, accounts, half)
        except Spent:
            if not known:
                raise
            return sum(len(part) for part, _ in parts[at:])
        bill["through"] = max(filter(None, (bill["through"], through)))
        keep(bill, accounts, True, known, time)
    return 0


def keep(bill, accounts, whole, known, time):
    told = {"accounts": len(bill["accounts"]), "total": plain(total(bill)), "from": str(bill["start"])}
    print(json.dumps({"level": "INFO", "message": "a part of the bill was read", **told}))
    for entry in list(entries(bill, accounts, whole, known, time)):
        ledger.overwrite(f"costs#{entry['account']}", "spend-costs", entry, time)
        known[entry["account"]] = entry


# --- Cost Explorer ---------------------------------------------------------------------------------------------------


class Reader:
    """Reads bills and counts what was paid: each page and each further attempt costs 0.01 USD."""

    def __init__(self, time):
        self.time, self.paid = time, 0

    def read(self, start, accounts, most):
        """The bill of some accounts, or of all."""
        end = self.time.date() + DAY
        bill = {"start": start, "end": end, "accounts": {}, "through": None}
        days = {"Start": str(start), "End": str(end)}
        self.pages(bill, days, of({"Not": CREDITS}, accounts), ["LINKED_ACCOUNT", "SERVICE"], most)
        if needs_net(policy):
            self.pages(bill, days, of(CREDITS, accounts), ["LINKED_ACCOUNT"], most)
        # Some accounts may have spent nothing; all have not.
        if bill["through"] is None and accounts is None:
            raise Unread("Cost Explorer shows no costs at all")
        return bill

    def pages(self, bill, days, filtered, keys, most):
        arguments = {
            "TimePeriod": days,
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "Filter": filtered,
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in keys],
        }
        while True:
            page = self.page(arguments, most)
            try:
                add(bill, page.get("ResultsByTime", []), keys)
            except (LookupError, ValueError) as why:
                raise Unread(f"Cost Explorer tells something that cannot be read: {why}") from why
            # An empty page with a token is not the end.
            if not page.get("NextPageToken"):
                return
            arguments["NextPageToken"] = page["NextPageToken"]

    def page(self, arguments, most):
        for attempt in range(1, ATTEMPTS + 1):
            if not ledger.pay(most, self.time):
                raise Spent(f"{most} paid requests of the day are not enough")
            self.paid += 1
            try:
                return explorer.get_cost_and_usage(**arguments)
            except (ClientError, BotoCoreError) as error:
                passes = isinstance(error, BotoCoreError) or class_of(error) in ("Throttled", "Retryable")
                if attempt == ATTEMPTS or not passes:
                    told = aws_fault(error) if isinstance(error, ClientError) else error
                    raise Unread(str(told).partition("\n")[0]) from error
                clock.sleep(2 * attempt)


def of(kind, accounts):
    """A filter for some accounts, or for all."""
    return {"And": [kind, {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": accounts}}]} if accounts else kind


def add(bill, results, keys):
    """Adds the rows of a page. One that cannot be read spoils all: a part of a bill would look like a cheap month."""
    for result in results:
        day = date.fromisoformat(result["TimePeriod"]["Start"])
        if not bill["start"] <= day < bill["end"]:
            raise ValueError(f"{day} was not asked for")
        for group in result.get("Groups", []):
            row(bill, day, group, keys)


def row(bill, day, group, keys):
    metric = group["Metrics"][METRIC]
    amount, account = read_amount(metric["Amount"]), group["Keys"][0]
    if not ACCOUNT_ID.fullmatch(account):
        raise ValueError(f"{account} must be an AWS account id of 12 digits")
    # Nothing was spent, in no currency.
    if not amount:
        return
    if not (len(metric["Unit"]) == 3 and metric["Unit"].isascii() and metric["Unit"].isupper()):
        raise ValueError(f'"{metric["Unit"]}" is no currency')
    share = bill["accounts"].setdefault(account, {"days": {}, "currencies": set()})
    share["currencies"].add(metric["Unit"])
    known = share["days"].setdefault(day, {"services": {}, "credits": Decimal(0)})
    if len(keys) == 1:
        known["credits"] += amount
        return
    service = group["Keys"][1]
    known["services"][service] = known["services"].get(service, 0) + amount
    bill["through"] = max(bill["through"] or day, day)


def total(bill):
    """What a currency-blind sum of all rows comes to, for the log."""
    days = (day for share in bill["accounts"].values() for day in share["days"].values())
    return sum(map(day_total, days), Decimal(0))


# --- What the ledger keeps -------------------------------------------------------------------------------------------


def entries(bill, accounts, whole, known, time):
    """Each account's bill, also of those without a row, which spent nothing. One whose earlier days were not read stays
    as it is until it is read whole."""
    for account in accounts:
        share = bill["accounts"].get(account, {"days": {}, "currencies": set()})
        before = known.get(account)
        if not whole and (before is None or instant(before["readAt"]).date() < bill["start"]):
            continue
        before = before or {"currencies": [], "through": None, "days": {}}
        currencies = share["currencies"] | (set() if whole else set(before["currencies"]))
        through = bill["through"] or before["through"]
        whole_at = written(time) if whole else before.get("wholeAt")
        yield {
            "account": account,
            "readAt": written(time),
            **({"wholeAt": whole_at} if whole_at else {}),
            "through": through and str(through),
            "currencies": sorted(currencies),
            "days": dict(sorted(taken(bill, share["days"], before["days"], time.date()))),
        }


def taken(bill, read_now, before, today):
    """The days that are kept. What was known of days that were read and is not there any more is forgotten."""
    start, end, oldest = str(bill["start"]), str(bill["end"]), str(today - KEPT)
    for day, costs in before.items():
        if not start <= day < end and day >= oldest:
            yield day, together(day, costs, today)
    for day, costs in read_now.items():
        services = {service: plain(amount) for service, amount in sorted(costs["services"].items())}
        yield str(day), together(str(day), {"services": services, "credits": plain(costs["credits"])}, today)


def together(day, costs, today):
    """Older days have one sum for all services."""
    if day >= str(today - DETAILED) or len(costs["services"]) < 2:
        return costs
    return costs | {"services": {"all services": plain(day_total(costs))}}
