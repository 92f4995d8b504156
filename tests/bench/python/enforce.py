"""Brings one account to one stage. Of the parts of a step, this is the one that the bench measures: may it be taken?
What was decided, the switch, and where the account lies are read anew; then the account is claimed."""

import json
import os
from datetime import timedelta

from botocore.exceptions import ClientError

import placement
from finops import STAGES, ceiling, instant, now, written
from spend_ledger import SpendLedger
from suite import class_of, client, fault, serves

# An execution is dead when nothing was heard of it for so long.
LEASE = timedelta(minutes=30)
# A decision is made each hour. What an older one wanted, a newer one wants too, or it is wrong.
DECISION_HOLDS = timedelta(hours=2)
TRIES = 5

ledger = SpendLedger()
organizations = client("organizations")
parameters = client("ssm")
switch = os.environ["SPEND_SWITCH"]


@serves
def handler(event):
    return {"guard": guard}[event["action"]](event)


def guard(step):
    """Lets the step through, or says why not."""
    known = ledger.organization()
    account_id = step["accountId"]
    decision = ledger.content(f"decision#{account_id}")
    if decision is None:
        return decline(step, "nothing was decided about the account")
    is_on = switched_on()
    account = placement.account(organizations, known, account_id)
    for _ in range(TRIES):
        record = ledger.spend(account_id)
        why = obstacle(step, decision, record.value, account, is_on)
        if why:
            return decline(step, why)
        grounds = grounds_of(step, decision, record.value, account)
        record.value["lease"] = {"holder": step["executionId"], "until": written(now() + LEASE)}
        if step["direction"] == "up":
            record.value["begun"] = max(record.value["begun"] or "none", step["to"], key=STAGES.index)
        if ledger.store_spend(record):
            return {"proceed": True, "grounds": grounds}
    raise contended()


def contended():
    reason = "the record of the account was changed by somebody else at each attempt"
    return fault("Retryable", reason, "Nothing; it is tried again.")


def decline(step, why):
    for _ in range(TRIES):
        record = ledger.spend(step["accountId"])
        if not is_held_by(record.value, step["executionId"]):
            break
        record.value["lease"] = None
        if ledger.store_spend(record):
            break
    else:
        raise contended()
    told = {"account": step["accountId"], "step": step["stepId"], "reason": why}
    print(json.dumps({"level": "INFO", "message": "the step is not taken", **told}))
    return {"proceed": False, "reason": why}


def switched_on():
    """How the kill switch stands now. What cannot be read, or says anything but `on`, is off."""
    try:
        return parameters.get_parameter(Name=switch)["Parameter"]["Value"] == "on"
    except ClientError as error:
        if class_of(error) in ("Retryable", "Throttled"):
            raise
        print(json.dumps({"level": "ERROR", "message": "the kill switch cannot be read, so that it is off"}))
        return False


def is_held_by(record, execution):
    return record["lease"] is not None and record["lease"]["holder"] == execution


def obstacle(step, decision, record, account, is_on):
    """What stands in the way."""
    furthest, because = ceiling(account)
    if not is_on:
        return "enforcement is switched off"
    if step["direction"] != "down" and STAGES.index(step["to"]) > STAGES.index(furthest):
        return f"the account comes to {furthest} at most: {because}"
    # It was let through before. A decision that was made since says that the account is busy, with this execution.
    if is_held_by(record, step["executionId"]):
        return None
    lease, time = record["lease"], now()
    if lease and time < instant(lease["until"]):
        return f"{lease['holder']} works on the account"
    if DECISION_HOLDS < time - instant(step["decidedAt"]):
        return f"the decision of {step['decidedAt']} is too old"
    decided = decision["step"] or {}
    asked = (step["stepId"], step["direction"], step["to"])
    if decision["outcome"] != "act" or (decided.get("id"), decided.get("direction"), decided.get("to")) != asked:
        return f"since {decision['at']} something else is decided"
    return None if record["stage"] == decision["stage"] else f"the account is at {record['stage']} already"


def grounds_of(step, decision, record, account):
    """What the decision stood on when the account was claimed."""
    told = {name: account[name] for name in ("owner", "environment") if account[name] is not None}
    return {
        "from": record["stage"],
        "window": decision["window"],
        "limit": decision["limit"],
        "why": why_of(step, decision, record),
        "name": account["name"],
        **told,
    }


def why_of(step, decision, record):
    """The rules that call for the stage; on the way down what confirms that it is not needed. And who approved it."""
    if step["direction"] == "down":
        why = [rail["because"] for rail in decision["rails"] if rail["name"] == "confirmed"]
    else:
        least = max(STAGES.index(step["to"]), STAGES.index("restrict"))
        rules = (rule for rule in decision["rules"] if rule["holds"] and STAGES.index(rule["stage"]) >= least)
        why = [f"{rule['condition']}: {rule['because']}" for rule in rules]
    verdict = record["verdicts"].get(step["stepId"])
    if verdict and verdict["approved"]:
        reason = f": {verdict['reason']}" if verdict.get("reason") is not None else ""
        why.append(f"approved by {verdict['by']}{reason}")
    return why
