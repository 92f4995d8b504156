"""What accounts may spend and what follows, as the Rust crate of that name has it; both read the same data files."""

import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from landing_zone import ACCOUNT_TYPES, ENVIRONMENTS, ROOT, unit_of

DATA = ROOT / "shared/finops/data"
SOURCE = "ai-landing-zone.spending"
STAGES = ["none", "notify", "restrict", "stop", "freeze"]
GUARDRAILS = ["spend-restrict", "spend-freeze"]
AI_SERVICES = json.loads((DATA / "ai-services.json").read_text())
AMOUNT = re.compile(r"-?([0-9]+)(\.[0-9]+)?([eE]([-+]?[0-9]+))?")
LARGEST, SMALLEST_EXPONENT = Decimal(10) ** 18, -28
# Fields of a row for some accounts, the most specific first.
SCOPE = ("account", "accountType", "environment")


# --- Times and amounts -----------------------------------------------------------------------------------------------


def now():
    return datetime.now(UTC)


def instant(text):
    return datetime.fromisoformat(text)


def written(time):
    """An instant as JSON has it."""
    return time.isoformat().replace("+00:00", "Z")


def start_of(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def plain(amount):
    """An amount as JSON has it: every digit, no exponent."""
    return format(amount, "f")


def read_amount(text):
    """An amount as the APIs of AWS write it: `12.3`, `-3`, `1.2E-7`."""
    match = AMOUNT.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is no amount')
    if int(match[4] or 0) < SMALLEST_EXPONENT and len(match[1]) == 1:
        return Decimal(0)
    amount = Decimal(text)
    if abs(amount) > LARGEST:
        raise ValueError(f'"{text}" is out of range')
    return amount


def is_ai_service(service):
    """True for a service of the bill that is AI."""
    name = service.lower()
    starts = tuple(start.lower() for start in AI_SERVICES["startsWith"])
    return name.startswith(starts) or any(part.lower() in name for part in AI_SERVICES["contains"])


def day_total(day, basis="gross"):
    """What a day of a bill cost."""
    gross = sum(map(Decimal, day["services"].values()), Decimal(0))
    return gross + Decimal(day.get("credits", 0)) if basis == "net" else gross


# --- Periods ---------------------------------------------------------------------------------------------------------


def add_months(first, months):
    """The first of a month so many months later."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def window(period, day):
    """The first day of the period that a day lies in, and the day after the last."""
    first = day.replace(day=1)
    if period == "daily":
        return day, day + timedelta(days=1)
    if period == "monthly":
        return first, add_months(first, 1)
    if period == "quarterly":
        start = add_months(first, -((day.month - 1) % 3))
        return start, add_months(start, 3)
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


# --- Accounts --------------------------------------------------------------------------------------------------------


def is_core(account_type):
    return "unit" in ACCOUNT_TYPES[account_type]


def is_ai_account(account):
    """True for an AI account in use that is nothing special."""
    kind = account["accountType"]
    is_ai = kind is not None and not is_core(kind) and account["environment"] is not None
    return is_ai and account["state"] == "ACTIVE" and account["special"] is None


def ceiling(account):
    """The furthest stage that the account may come to, and why, whatever the policy says."""
    if account["state"] != "ACTIVE":
        return "none", f"the account is {account['state']}"
    if account["special"] == "management":
        return "notify", "the management account is only ever spoken of"
    if account["special"] == "delegated-administrator":
        return "notify", "a delegated administrator is only ever spoken of"
    if account["accountType"] is None:
        return "notify", "its tags do not say what kind of account it is"
    if is_core(account["accountType"]):
        return "notify", "platform accounts are only ever spoken of"
    environment = account["environment"]
    if environment is None:
        return "notify", "its tags do not say which environment it is in"
    if account["unit"] != unit_of(account):
        unit = account["unit"] or "a unit that is not known"
        return "notify", f"its tags say {environment}, and it lies in {unit}"
    return "freeze", f"an AI account in {environment}"


# --- The policy ------------------------------------------------------------------------------------------------------


def read_policy():
    """What accounts may spend, as it is configured; the standard where nothing is."""
    policy = json.loads(os.environ.get("SPEND_POLICY") or (DATA / "policy.json").read_text(), parse_float=Decimal)
    check(policy)
    return policy


def fits(row, scope):
    return all(field not in row or row[field] == value for field, value in zip(SCOPE, scope, strict=True))


def budget(policy, scope):
    """What an account may spend, by its id, type and environment: each field from the most specific row that has it."""
    rows = [row for row in policy["budgets"] if fits(row, scope)]
    rows.sort(key=lambda row: [field in row for field in SCOPE])
    merged = {"period": "monthly", "limit": 0, "basis": "gross", "stages": {}, "maxStage": "none", "approval": []}
    for row in rows:
        merged |= {field: value for field, value in row.items() if field not in SCOPE}
    return merged | {"currency": policy["currency"], "limit": Decimal(merged["limit"])}


def changed(budget, change, time):
    """The budget as people changed it for a time."""
    if not change or time >= instant(change["until"]):
        return budget
    stage = min(change.get("maxStage") or budget["maxStage"], budget["maxStage"], key=STAGES.index)
    return budget | {"limit": Decimal(change.get("limit") or budget["limit"]), "maxStage": stage}


def exemption(policy, account, today):
    of_account = [one for one in policy.get("exemptions", []) if one["account"] == account]
    return next((one for one in of_account if today <= date.fromisoformat(one["until"])), None)


def reaches_back(policy, day):
    """The first day of the longest period, of those that `day` lies in."""
    return min((window(row["period"], day)[0] for row in policy["budgets"] if "period" in row), default=day)


def needs_net(policy):
    return any(row.get("basis") == "net" for row in policy["budgets"])


# --- What no policy may ask for --------------------------------------------------------------------------------------

WHOLE_ROW = ("period", "limit", "basis", "stages", "maxStage", "approval")
PERCENTS = ("reportedPercent", "estimatedPercent", "forecastPercent")
ENFORCED = STAGES[2:]
MOST = Decimal(10) ** 9


def check(policy):
    """Refuses a policy that is impossible for some account, with the path of the first thing that is."""
    rows, scopes = policy["budgets"], []
    for at, row in enumerate(rows):
        check_row(row, f"budgets[{at}]")
        scope = [row.get(field) for field in SCOPE]
        require(scope not in scopes, f"budgets[{at}]", "is for the same accounts as another row")
        scopes.append(scope)
    require([None] * len(SCOPE) in scopes, "budgets", "one row has to be for all accounts")
    base = scopes.index([None] * len(SCOPE))
    for field in WHOLE_ROW:
        require(field in rows[base], f"budgets[{base}].{field}", "has to be given in the row for all accounts")
    for at, one in enumerate(policy.get("exemptions", [])):
        for field in ("by", "reason"):
            require(one[field].strip(), f"exemptions[{at}].{field}", "has to say something")
    kinds = [None, *(kind for kind in ACCOUNT_TYPES if not is_core(kind))]
    for at, row in enumerate(rows):
        for scope in [(row.get("account"), kind, environment) for environment in ENVIRONMENTS for kind in kinds]:
            if fits(row, scope):
                check_budget(budget(policy, scope), scope[2], f"budgets[{at}]")


def require(holds, path, why):
    if not holds:
        raise ValueError(f"{path}: {why}")


def check_row(row, path):
    if "limit" in row:
        require(0 < Decimal(row["limit"]) <= MOST, f"{path}.limit", "has to be more than nothing, and what is spent")
    if "accountType" in row and "environment" in row:
        require(not is_core(row["accountType"]), f"{path}.environment", "such accounts have none")
    for stage in row.get("approval", []):
        require(stage in ENFORCED, f"{path}.approval", f"{stage} does nothing that needs approval")
    stages = sorted(row.get("stages", {}).items(), key=lambda pair: STAGES.index(pair[0]))
    for stage, conditions in stages:
        require(stage != "none", f"{path}.stages.none", "is where every account begins")
        require(conditions, f"{path}.stages.{stage}", "has no condition: leave the stage out")
        for condition in conditions:
            check_condition(stage, condition, f"{path}.stages.{stage}")
    for name in PERCENTS:
        lowest = [
            min(Decimal(one[name]) for one in conditions if name in one)
            for _, conditions in stages
            if any(name in one for one in conditions)
        ]
        require(lowest == sorted(lowest), f"{path}.stages", f"{name} of a later stage comes before an earlier one")


def check_condition(stage, condition, path):
    percents = [Decimal(condition[name]) for name in PERCENTS if name in condition]
    require(percents or "anomalyImpact" in condition, path, "is empty and would always hold")
    require(all(0 < percent <= 1000 for percent in percents), path, "a percentage is between 0 and 1000")
    require(Decimal(condition.get("anomalyImpact", 1)) > 0, path, "an anomaly has to cost something")
    spent = "reportedPercent" in condition or "estimatedPercent" in condition
    require(stage not in ENFORCED or spent, path, f"{stage} needs money that was spent")


def check_budget(budget, environment, path):
    furthest = STAGES.index(budget["maxStage"])
    for stage in ENFORCED if environment == "prod" else []:
        approved = STAGES.index(stage) > furthest or stage in budget["approval"]
        require(approved, f"{path}.maxStage", f"in prod: {stage} would act without approval: add it to approval")
    reachable = budget["maxStage"] == "none" or budget["maxStage"] in budget["stages"]
    require(reachable, f"{path}.maxStage", f"in {environment}: {budget['maxStage']} has no condition in stages")
