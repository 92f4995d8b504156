"""Keeps an AWS Budget for each AI account in step with the policy. They are doorbells: the suite looks itself then."""

import json
import os
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from botocore.exceptions import BotoCoreError, ClientError

from finops import SOURCE, STAGES, budget, changed, instant, is_ai_account, now, plain, read_amount, read_policy
from landing_zone import ACCOUNT_ID
from spend_ledger import SpendLedger
from suite import Fault, aws_fault, client, code, emit, fault, listed, serves

MOST_ALERTS, CREDITS = 5, ["Credit", "Refund"]
# What is known of an account that was not looked into for so long is not acted on.
STALE = timedelta(days=7)
CENT = Decimal("0.01")
UNITS = {"daily": "DAILY", "monthly": "MONTHLY", "quarterly": "QUARTERLY", "annually": "ANNUALLY"}
ALERT_FIELDS = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
OTHER_SHAPES = ("CostFilters", "PlannedBudgetLimits", "AutoAdjustData")
NOT_SENT = {"CalculatedSpend", "LastUpdatedTime", "HealthStatus", "CostTypes", *OTHER_SHAPES}

ledger = SpendLedger()
organizations = client("organizations")
events = client("events")
budgets = client("budgets", region="us-east-1")
bus = os.environ["EVENT_BUS"]
payer = {"AccountId": os.environ["MANAGEMENT_ACCOUNT"]}
prefix = os.environ["NAME_PREFIX"]
bell = {"SubscriptionType": "SNS", "Address": os.environ["BUDGETS_TOPIC"]}
policy = read_policy()


@serves
def handler(event):
    time = now()
    observed = {seen["account"]["id"]: seen for seen in ledger.contents("spend-observed")}
    changes = {record["account"]: record.get("change") for record in ledger.contents("spend-record")}
    existing = read_existing()
    left_over = {account for one in existing.values() if (account := account_of(one))}
    answer, failed = {"inStep": 0, "changed": 0, "unknown": 0}, []
    for account in sorted(observed.keys() | left_over):
        standing, wanted = judge(observed.get(account), changes.get(account), time)
        try:
            bring_in_step(account, standing, wanted, existing.get(f"{prefix}-{account}"), answer)
        except (Fault, ClientError, BotoCoreError) as error:
            told = aws_fault(error) if isinstance(error, ClientError) else error
            print(json.dumps({"level": "WARN", "message": "a budget is not in step", "reason": str(told)}))
            failed.append((account, told))
    figures = {"BudgetsInStep": answer["inStep"], "BudgetsChanged": answer["changed"], "BudgetsFailed": len(failed)}
    emit([(name, "Count", value) for name, value in figures.items()])
    if failed:
        account, first = failed[0]
        kind = type(first).__name__ if isinstance(first, Fault) else "Retryable"
        raise fault(kind, f"{len(failed)} budgets are not in step, the first of account {account}: {first}")
    return answer


def bring_in_step(account, standing, wanted, there, answer):
    if standing == "wanted":
        for topics in there["told"] if there else []:
            topics["topics"] = subscribers(there, topics["document"])
        for what, action, parameters in towards(wanted, there):
            make(account, wanted["BudgetName"], what, action, parameters, answer)
        answer["inStep"] += 1
    # What is not ours as a whole is not removed.
    elif there and account_of(there) == account:
        name = there["document"]["BudgetName"]
        if standing == "unknown" and not is_gone(account):
            answer["unknown"] += 1
        else:
            make(account, name, "deleted", "DeleteBudget", {"BudgetName": name}, answer)


def make(account, name, what, action, parameters, answer):
    """Makes a change. What is there already, or gone already, is done."""
    done = {"Create": "DuplicateRecordException", "Delete": "NotFoundException"}.get(action[:6])
    method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action).lstrip("_")
    try:
        getattr(budgets, method)(**payer, **parameters)
    except ClientError as error:
        if code(error) != done:
            raise
    answer["changed"] += 1
    detail = {"accountId": account, "budget": name, "change": what, "action": action}
    entry = {"EventBusName": bus, "Source": SOURCE, "DetailType": "Spend Budget Changed", "Detail": json.dumps(detail)}
    if events.put_events(Entries=[entry])["FailedEntryCount"]:
        raise fault("Retryable", "EventBridge did not take the event", "Nothing; it is tried again.")


def is_gone(account):
    """True where Organizations says that an account is closed or not there."""
    try:
        state = organizations.describe_account(AccountId=account)["Account"].get("State")
    except organizations.exceptions.AccountNotFoundException:
        return True
    return state in ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")


# --- What is there ---------------------------------------------------------------------------------------------------


def read_existing():
    """All budgets with the prefix, with their notifications but without the subscribers of these."""
    told = {}
    page = {"PaginationConfig": {"PageSize": 100}}
    operation = "describe_budget_notifications_for_account"
    for one in listed(budgets, operation, "BudgetNotificationsForAccount", **payer, **page):
        documents = [{name: each[name] for name in ALERT_FIELDS if name in each} for each in one["Notifications"]]
        told.setdefault(one["BudgetName"], []).extend({"alert": alert_of(each), "document": each} for each in documents)
    found = listed(budgets, "describe_budgets", "Budgets", ShowFilterExpression=True, **payer, **page)
    names = ((one["BudgetName"], one) for one in found if one["BudgetName"].startswith(prefix))
    return {name: {"document": document, "told": told.get(name, [])} for name, document in names}


def alert_of(document):
    """When AWS rings; None for a notification that the suite does not make."""
    is_percent = document.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE"
    usual = is_percent and document["ComparisonOperator"] == "GREATER_THAN"
    return (document["NotificationType"], Decimal(str(document["Threshold"]))) if usual else None


def subscribers(there, notification):
    arguments = {"BudgetName": there["document"]["BudgetName"], "Notification": notification}
    page = {"PaginationConfig": {"PageSize": 100}}
    found = listed(budgets, "describe_subscribers_for_notification", "Subscribers", **payer, **arguments, **page)
    return [one["Address"] for one in found if one["SubscriptionType"] == "SNS"]


def account_of(there):
    """The account that the suite made this budget for: its name says so, and what it counts."""
    account = there["document"]["BudgetName"].removeprefix(f"{prefix}-")
    counted = scope(there["document"].get("FilterExpression"))
    return account if ACCOUNT_ID.fullmatch(account) and counted and counted[0] == {account} else None


def scope(expression):
    """What a filter counts, and what it leaves out, where it is of the kind that the suite makes."""
    if not expression:
        return None
    accounts, without = set(), set()
    for part in expression.get("And", [expression]):
        key, values = ("RECORD_TYPE", without) if "Not" in part else ("LINKED_ACCOUNT", accounts)
        dimensions = part.get("Not", part).get("Dimensions", {})
        plain_match = set(dimensions.get("MatchOptions", [])) <= {"EQUALS", "CASE_SENSITIVE"}
        if dimensions.get("Key") != key or not plain_match:
            return None
        values.update(dimensions["Values"])
    return accounts, without


# --- What is wanted --------------------------------------------------------------------------------------------------


def judge(observed, change, time):
    """What the ledger says of an account, and the budget that it is to have."""
    if observed is None or time - instant(observed["at"]) > STALE:
        return "unknown", None
    account = observed["account"]
    if not is_ai_account(account):
        return "unwanted", None
    allowed = budget(policy, (account["id"], account["accountType"], account["environment"]))
    return "wanted", wanted_of(account["id"], changed(allowed, change, time))


def wanted_of(account, allowed):
    # AWS shows cents: what is finer would look changed at every look.
    limit = allowed["limit"].quantize(CENT, ROUND_CEILING).normalize()
    counted = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}}
    if allowed["basis"] == "gross":
        counted = {"And": [counted, {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": CREDITS}}}]}
    return {
        "BudgetName": f"{prefix}-{account}",
        "BudgetType": "COST",
        "TimeUnit": UNITS[allowed["period"]],
        "BudgetLimit": {"Amount": plain(limit), "Unit": allowed["currency"]},
        "FilterExpression": counted,
        "Metrics": ["UnblendedCost"],
        "alerts": alerts(allowed),
    }


def alerts(allowed):
    """A bell for each share of the limit that a stage is called for at, those of the first stages before later ones."""
    found = []
    for stage in sorted(allowed["stages"], key=STAGES.index):
        for condition in allowed["stages"][stage]:
            rings = [("ACTUAL", condition.get("reportedPercent"))]
            # AWS makes no forecast for a day.
            rings += [("FORECASTED", condition.get("forecastPercent"))] if allowed["period"] != "daily" else []
            found += [(kind, Decimal(above)) for kind, above in rings if above is not None]
    return sorted(list(dict.fromkeys(found))[:MOST_ALERTS]) or [("ACTUAL", Decimal(100))]


def notification(alert):
    kind, above = alert
    usual = {"ComparisonOperator": "GREATER_THAN", "ThresholdType": "PERCENTAGE"}
    return {"NotificationType": kind, "Threshold": float(above), **usual}


# --- The calls in between --------------------------------------------------------------------------------------------


def fits(document, wanted):
    """True where nothing of the budget itself has to be changed."""
    limit = document.get("BudgetLimit") or {}
    same = all(document.get(name) == wanted[name] for name in ("BudgetType", "TimeUnit", "Metrics"))
    return (
        same
        and read_amount(limit.get("Amount", "0")) == Decimal(wanted["BudgetLimit"]["Amount"])
        and limit.get("Unit") == wanted["BudgetLimit"]["Unit"]
        and scope(document.get("FilterExpression")) == scope(wanted["FilterExpression"])
        and not any(document.get(name) for name in OTHER_SHAPES)
    )


def towards(wanted, there):
    """What brings the budget that is there, if any, to what is wanted, as (word, operation, parameters)."""
    own = {name: value for name, value in wanted.items() if name != "alerts"}
    name = {"BudgetName": wanted["BudgetName"]}
    if there is None:
        bells = [{"Notification": notification(alert), "Subscribers": [bell]} for alert in wanted["alerts"]]
        return [("created", "CreateBudget", {"Budget": own, "NotificationsWithSubscribers": bells})]
    changes, document = [], there["document"]
    if not fits(document, wanted):
        kept = {field: value for field, value in document.items() if field not in NOT_SENT}
        if kept.get("TimeUnit") != wanted["TimeUnit"]:
            # It began with a period of another length.
            kept.pop("TimePeriod", None)
        changes.append(("updated", "UpdateBudget", {"NewBudget": kept | own}))
    asked = [told for told in there["told"] if told["alert"] in wanted["alerts"]]
    # What people added stays; a notification without subscribers is gone.
    for told in there["told"]:
        if told not in asked and bell["Address"] in told["topics"]:
            of_bell = name | {"Notification": told["document"]}
            changes.append(("silenced", "DeleteSubscriber", of_bell | {"Subscriber": bell}))
    for told in asked:
        # A notification has one topic at most.
        topic, of_bell = next(iter(told["topics"]), None), name | {"Notification": told["document"]}
        if topic is None:
            changes.append(("rewired", "CreateSubscriber", of_bell | {"Subscriber": bell}))
        elif topic != bell["Address"]:
            old = {"SubscriptionType": "SNS", "Address": topic}
            changes.append(("rewired", "UpdateSubscriber", of_bell | {"OldSubscriber": old, "NewSubscriber": bell}))
    there_already = [told["alert"] for told in asked]
    for alert in wanted["alerts"]:
        if alert not in there_already:
            new = name | {"Notification": notification(alert), "Subscribers": [bell]}
            changes.append(("rewired", "CreateNotification", new))
    return changes
