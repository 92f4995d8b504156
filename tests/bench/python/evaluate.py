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
    paid, why = 0, None
    if ledger.take_turn(TURN, time + READING, time) or force:
        reader = Reader(time)
        why = read(reader, active, time)
        paid = reader.paid
        ledger.end_turn(TURN, time + (PAUSE if why else refresh))
        emit([("PaidRequests", "Count", paid), ("BillUnread", "Count", int(why is not None))])
    if wanted is None:
        # One that was in use when it was looked at last is looked at once more, to see what became of it.
        seen = (observed["account"] for observed in ledger.contents("spend-observed"))
        wanted = active | {account["id"] for account in seen if account["state"] == "ACTIVE"}
    answer = {"accounts": sorted(set(wanted)), "paid": paid, "stale": why is not None or is_stale(active, time)}
    return answer | ({"why": why} if why else {})


def is_stale(active, time):
    """All accounts are read together: one stands for all."""
    if not active:
        return False
    known = ledger.content(f"costs#{min(active)}")
    return known is None or time - instant(known["readAt"]) > refresh


def read(reader, active, time):
    """Reads and stores the bill; else why that was not possible."""
    known = {costs["account"]: costs for costs in ledger.contents("spend-costs")}
    try:
        bill, whole = follow(reader, *plan(active, known, time.date()))
    except Unread as why:
        print(json.dumps({"level": "ERROR", "message": "the bill could not be read", "reason": str(why)}))
        return str(why)
    told = {"accounts": len(bill["accounts"]), "total": plain(total(bill)), "paid": reader.paid}
    print(json.dumps({"level": "INFO", "message": "the bill was read", "from": str(bill["start"]), **told}))
    for entry in entries(bill, whole, active, known, time):
        ledger.overwrite(f"costs#{entry['account']}", "spend-costs", entry, time)
    return None


def plan(active, known, today):
    """Which days are read: all that decisions look at, where that is due, and the last ones."""
    read_on = [instant(known[account]["readAt"]).date() for account in active if account in known]
    first = today.replace(day=1)
    last_month, oldest = add_months(first, -1), add_months(first, -MONTHS)
    # No day may be left out since the last reading: days that are not there cost nothing.
    last_days = min(max(min(read_on) - REVISED, oldest), today) if read_on else None
    is_new = len(read_on) < len(active)
    is_first_today = not read_on or max(read_on) < today
    begin = min(last_month, reaches_back(policy, today)) if is_new else last_month
    long = min(filter(None, (last_days, begin))) if is_new or is_first_today else None
    return long, last_days


def follow(reader, long, short):
    """Reads the long way if that is due, and the short way where the day's requests are not enough for it."""
    if long:
        try:
            # A long bill leaves a quarter of the requests for short ones.
            return reader.read(long, most_paid - most_paid // 4), True
        except Spent:
            if not short:
                raise
    if not short:
        raise Unread("Cost Explorer shows no costs at all")
    return reader.read(short, most_paid), False


# --- Cost Explorer ---------------------------------------------------------------------------------------------------


class Reader:
    """Reads bills and counts what was paid: each page and each further attempt costs 0.01 USD."""

    def __init__(self, time):
        self.time, self.paid = time, 0

    def read(self, start, most):
        end = self.time.date() + DAY
        bill = {"start": start, "end": end, "accounts": {}, "through": None}
        days = {"Start": str(start), "End": str(end)}
        self.pages(bill, days, {"Not": CREDITS}, ["LINKED_ACCOUNT", "SERVICE"], most)
        if needs_net(policy):
            self.pages(bill, days, CREDITS, ["LINKED_ACCOUNT"], most)
        if bill["through"] is None:
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


def entries(bill, whole, active, known, time):
    """Each account's bill, also of those without a row, which spent nothing. One whose earlier days were never read
    stays unknown until a long bill shows them."""
    for account in sorted(active | bill["accounts"].keys()):
        share = bill["accounts"].get(account, {"days": {}, "currencies": set()})
        if account not in known and not whole:
            continue
        before = known.get(account, {"currencies": [], "through": None, "days": {}})
        currencies = share["currencies"] | (set() if whole else set(before["currencies"]))
        through = bill["through"] or before["through"]
        yield {
            "account": account,
            "readAt": written(time),
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
