"""Who spent what, what is idle, and what comes next: HTML, CSV and JSON in a bucket, a short text to people. The bench
measures the report of a breach, which asks nothing that costs money."""

import csv
import io
import json
import os
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from botocore.exceptions import BotoCoreError, ClientError

from finops import SOURCE, add_months, now, plain, read_policy, window, written
from report_accounts import spent, title
from report_cells import accounts_of, shown
from report_figures import Percent, amount_of
from report_model import model
from report_page import page
from report_sections import OUTCOME_WORDS, STANDING_WORDS
from spend_ledger import SpendLedger
from suite import client, emit, fault, serves

MOST_NAMED, MOST_GAPS, MOST_IN_EVENT, LONGEST_SUBJECT = 20, 10, 100, 99
CENT = Decimal("0.01")
WORDS = ("account", "name", "environment", "accountType", "owner", "costCenter", "state")
HEAD = [*WORDS, "currency", "thisMonth", "lastMonth", "periodStart", "periodEnd", "limit", "reported", "estimated"]
HEAD += ["forecast", "usedPercent", "standing", "stage", "desired", "outcome", "uncounted", "forecastUnavailable", "notes"]
TYPES = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8", "json": "application/json"}

ledger = SpendLedger()
events = client("events")
topics = client("sns")
store = client("s3")
bucket = os.environ["REPORT_BUCKET"]
policy = read_policy()


@serves
def handler(event):
    time, account = now(), event.get("accountId")
    reason = event.get("reason") or ("breach" if account else "weekly")
    report = model(gather(time))
    # A breach has a folder of its own: its report has no commitments, and those of the week were paid for.
    folder = f"{time.date()}-breach" if reason == "breach" else str(time.date())
    keep(folder, {"html": page(report), "csv": as_csv(report), "json": as_json(report)})
    place = f"s3://{bucket}/spend/{folder}/report.html"
    total = report["total"]
    figures = {
        "AccountsOverLimit": total["over"],
        "AccountsExpectedOverLimit": total["expectedOver"],
        "AccountsOfUnknownSpend": total["unknown"],
        "ReportGaps": len(report["gaps"]),
    }
    emit([(name, "Count", value) for name, value in figures.items()])
    told = tell(report, reason, account, event.get("doubted"), place)
    counts = {"accounts": len(report["accounts"]), "overLimit": total["over"], "gaps": len(report["gaps"])}
    return {"place": place, **counts, "told": told}


def gather(time):
    """Everything that is known, read from where it is kept."""
    month = window("monthly", time.date())
    why = "it costs money to ask, which only the weekly report does"
    unasked = {"state": "unavailable", "why": why}
    before = (add_months(month[0], -1), month[0])
    return {
        "now": time,
        "policy": policy,
        "costs": ledger.contents("spend-costs"),
        "observed": ledger.contents("spend-observed"),
        "decisions": ledger.contents("spend-decision"),
        "records": ledger.contents("spend-record"),
        "idle": ledger.contents("spend-idle"),
        "sweeps": ledger.all_kept("coverage"),
        "commitments": {"month": before, "savingsPlans": unasked, "reservations": unasked},
        "billed": {"month": month} | unasked,
    }


def keep(folder, files):
    """Keeps a report in its folder, and as the latest. Made again on the same day, it is replaced."""
    for folder in (folder, "latest"):
        for ending, text in files.items():
            key, body = f"spend/{folder}/report.{ending}", text.encode()
            store.put_object(Bucket=bucket, Key=key, ContentType=TYPES[ending], Body=body)


# --- JSON and CSV ----------------------------------------------------------------------------------------------------


def rounded(amount):
    return plain(amount.quantize(CENT, ROUND_HALF_UP))


def as_json(report):
    report = report | {name: period(report[name]) for name in ("month", "before") if name in report}
    if "commitments" in report:
        for part in ("commitments", "billed"):
            report[part] = report[part] | {"month": period(report[part]["month"])}
        report["accounts"] = [row | {"window": row["window"] and period(row["window"])} for row in report["accounts"]]
    return json.dumps(report, separators=(",", ":"), ensure_ascii=False, default=json_value)


def period(days):
    return dict(zip(("start", "end"), days, strict=True))


def json_value(value):
    if isinstance(value, Decimal):
        return plain(value) if isinstance(value, Percent) else rounded(value)
    return written(value) if isinstance(value, datetime) else str(value)


def as_csv(report):
    """All accounts, for spreadsheets: one row each. An empty cell is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for row in report["accounts"]:
        writer.writerow(map(harmless, cells(row, report["currency"])))
    return text.getvalue()


def cells(row, currency):
    money = lambda amount: "" if amount is None else rounded(amount)
    start, end = row["window"] or ("", "")
    return [
        *(row[name] or "" for name in WORDS),
        currency,
        money(row["thisMonth"]),
        money(row["lastMonth"]),
        str(start),
        str(end),
        money(row["limit"]),
        *(money(amount_of(row[name])) for name in ("reported", "estimated", "forecast")),
        "" if row["usedPercent"] is None else plain(row["usedPercent"]),
        STANDING_WORDS[row["standing"]],
        row["stage"],
        row["desired"] or "",
        OUTCOME_WORDS.get(row["outcome"], ""),
        row["uncounted"] or "",
        row["forecast"].get("why", ""),
        "; ".join(row["notes"]),
    ]


def harmless(cell):
    """A spreadsheet runs what begins like a formula."""
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    try:
        Decimal(cell)
    except ArithmeticError:
        return f"'{cell}"
    return cell


# --- What is told ----------------------------------------------------------------------------------------------------


def tell(report, reason, account, doubted, place):
    """Tells of the report. Of a breach people hear once a day for each account; False where they have heard of it, or its
    figures cannot be believed."""
    announce(report, reason, account, place)
    if reason == "weekly":
        send(report, False, account, place)
        return True
    if doubted:
        return False
    key = f"breach-report#{account or 'all'}#{report['at'].date()}"
    if not ledger.tell_once(key, report["at"]):
        return False
    try:
        send(report, True, account, place)
    except (ClientError, BotoCoreError):
        ledger.untell(key)
        raise
    return True


def announce(report, reason, account, place):
    total = report["total"]
    detail = {
        "reason": reason,
        "accountId": account,
        "report": place,
        "at": report["at"],
        "currency": report["currency"],
        "through": report["through"],
        **{name: total[name] for name in ("thisMonth", "lastMonth", "forecast")},
        "accountsWithoutForecast": total["withoutForecast"],
        "accounts": len(report["accounts"]),
        "overLimit": total["over"],
        "expectedOverLimit": total["expectedOver"],
        "unknown": total["unknown"],
        "over": [row["account"] for row in report["accounts"] if row["standing"] == "over"][:MOST_IN_EVENT],
        "idleMonthlySaving": report["idle"]["saving"],
        "untaggedPercent": report["tags"]["untaggedPercent"],
        "gaps": len(report["gaps"]),
    }
    entry = {"EventBusName": os.environ["EVENT_BUS"], "Source": SOURCE, "DetailType": "Spend Reported"}
    if events.put_events(Entries=[entry | {"Detail": as_json(detail)}])["FailedEntryCount"]:
        raise fault("Retryable", "EventBridge did not take the event", "Nothing; it is tried again.")


def send(report, breach, account, place):
    attributes = {"kind": "breach" if breach else "report"} | ({"account": account} if account else {})
    topics.publish(
        TopicArn=os.environ["SPEND_TOPIC"],
        Subject=subject(report, breach, account)[:LONGEST_SUBJECT],
        Message=letter(report, place),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def subject(report, breach, account):
    over, day = accounts_of(report["total"]["over"]), report["at"].date()
    if breach:
        whose = f", account {account}" if account else ""
        return f"Spending of {day}{whose}: {over} over the limit"
    return f"Spending, week to {day}: {money(report, report['total']['thisMonth'])} this month, {over} over the limit"


def money(report, amount):
    return "not known" if amount is None else f"{shown(amount)} {report['currency']}"


def letter(report, place):
    total, known = report["total"], lambda name: money(report, report["total"][name])
    without = ""
    if total["withoutForecast"]:
        without = f" (without {accounts_of(total['withoutForecast'])}, which have no forecast)"
    lines = [
        f"This month, as the bill shows it through {report['through'] or 'no day'}: {known('thisMonth')}",
        f"  of it for AI services: {known('ai')}",
        f"Last month: {known('lastMonth')}",
        f"This month is expected to come to: {known('forecast')}{without}",
        f"Of {accounts_of(len(report['accounts']))}, {total['over']} are over the limit, {total['expectedOver']} are "
        f"expected to be, {total['within']} are within it, and of {total['unknown']} it is not known.",
        *named("Over the limit:", "over", report),
        *named("Expected to come over the limit:", "expected-over", report),
        "",
        *rest(report),
    ]
    gaps = report["gaps"]
    lines += ["\nNot known:"] if gaps else []
    for gap in gaps[:MOST_GAPS]:
        of = f" [{accounts_of(len(gap['accounts']))}]" if gap["accounts"] else ""
        lines.append(f"- {gap['what']}{of}")
    lines += [f"- and {len(gaps) - MOST_GAPS} more"] if len(gaps) > MOST_GAPS else []
    return "\n".join([*lines, f"\nThe whole report: {place}", ""])


def named(heading, standing, report):
    rows = [row for row in report["accounts"] if row["standing"] == standing]
    if not rows:
        return
    yield f"\n{heading}"
    for row in rows[:MOST_NAMED]:
        name = "".join(letter if letter.isprintable() else " " for letter in title(row))
        percent = "" if row["usedPercent"] is None else f" ({row['usedPercent']} %)"
        yield (
            f"- {name}, {row['environment']}, {row['owner'] or 'no owner'}: {shown(spent(row))} of {shown(row['limit'])} "
            f"{report['currency']}{percent}, expected {shown(amount_of(row['forecast']))}; stage {row['stage']}"
        )
    if len(rows) > MOST_NAMED:
        yield f"- and {len(rows) - MOST_NAMED} more"


def rest(report):
    idle, tags = report["idle"], report["tags"]
    if idle["accounts"]:
        saving = "what they cost is not known"
        if idle["saving"] is not None:
            unpriced = f", and {idle['unpriced']} without a price" if idle["unpriced"] else ""
            saving = f"{money(report, idle['saving'])} a month{unpriced}"
        unseen = f"; {accounts_of(idle['unseen'])} could not be judged wholly" if idle["unseen"] else ""
        yield f"Idle resources: {len(idle['found'])}" + (f" ({saving})" if idle["found"] else "") + unseen
    if tags["untaggedPercent"] is not None:
        yield f"Resources without all their tags: {tags['untaggedPercent']} % of {tags['resources']}"
    if report["waiting"]:
        yield f"Steps that were not taken (would act, held, or wait for approval): {len(report['waiting'])}"
    if report["unpriced"]:
        yield f"Used and without a price: {len(report['unpriced'])} kinds"
