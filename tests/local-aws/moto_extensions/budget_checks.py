"""The input that AWS Budgets refuses (API model and reference:
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html)."""

import operator
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal

from moto.core.exceptions import JsonRESTError

COMPARISONS = {"GREATER_THAN": operator.gt, "LESS_THAN": operator.lt, "EQUAL_TO": operator.eq}

_NAME = re.compile(r"(?!.*/action/)(?!(?i:.*<script>.*</script>))[^:\\]{1,100}", re.DOTALL)
_AMOUNT = re.compile(r"([0-9]*\.)?[0-9]+")
_TYPES = ("USAGE", "COST", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE")
# Months of a period, and how many planned limits there are.
_PERIODS = {"DAILY": 0, "MONTHLY": 1, "QUARTERLY": 3, "ANNUALLY": 12, "CUSTOM": 0}
_PLANNED = {"MONTHLY": 12, "QUARTERLY": 4}
_LAST_END = datetime(2087, 6, 15, tzinfo=timezone.utc).timestamp()
_MOST_NOTIFICATIONS, _MOST_THRESHOLD = 10, 15_000_000_000_000
# How many of a kind a notification has, and what their addresses look like.
_SUBSCRIBERS = {"SNS": (1, r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:.+"), "EMAIL": (10, r"[^@\s]+@[^@\s]+")}
_OF_AWS = ("CalculatedSpend", "HealthStatus", "LastUpdatedTime")


@dataclass
class Notification:
    """Two are the same whoever their subscribers are."""

    type: str
    comparison: str
    threshold: Decimal
    threshold_type: str
    subscribers: list[dict] = field(default_factory=list, compare=False)


def need(holds: object, message: str, code: str = "InvalidParameterException") -> None:
    if not holds:
        raise JsonRESTError(code, message)


def _amount(spend: dict) -> None:
    need(_AMOUNT.fullmatch(spend.get("Amount") or "") and spend.get("Unit"),
         f"{spend} needs an Amount such as 12.5, and a Unit.")


def _begin(unit: str) -> float:
    """When the current period began."""
    day = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if months := _PERIODS[unit]:
        day = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return day.timestamp()


def budget(told: dict) -> dict:
    """A budget as it is kept: without what only AWS says, with the time that it has by default."""
    kept = {name: value for name, value in told.items() if name not in _OF_AWS and value is not None}
    need(_NAME.fullmatch(kept.get("BudgetName") or ""),
         r"BudgetName must have 1 to 100 characters, and neither : nor \ nor /action/.")
    need(kept.get("BudgetType") in _TYPES and kept.get("TimeUnit") in _PERIODS, "BudgetType or TimeUnit is not valid.")
    limit, planned = kept.get("BudgetLimit"), kept.get("PlannedBudgetLimits")
    need((limit is None) != (planned is None) or kept["BudgetType"] not in ("COST", "USAGE"),
         "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget Limit/ "
         "Auto Adjust Data")
    for spend in ([limit] if limit else []) + list((planned or {}).values()):
        _amount(spend)
    need(planned is None or len(planned) == _PLANNED.get(kept["TimeUnit"]),
         "PlannedBudgetLimits must be those of 12 months or 4 quarters.")
    new, old = (any(kept.get(name) for name in names)
                for names in (("FilterExpression", "Metrics"), ("CostFilters", "CostTypes")))
    need(not (new and old), "Either FilterExpression and Metrics or CostFilters and CostTypes can be present.")
    need(len(kept.get("Metrics") or []) <= 1, "Metrics must have at most 1 entry.")
    period = {"Start": _begin(kept["TimeUnit"]), "End": _LAST_END} | (kept.get("TimePeriod") or {})
    need(period["Start"] < period["End"] <= _LAST_END,
         "The start date must come before the end date, and the end date before 06/15/87 00:00 UTC.")
    return kept | {"TimePeriod": period}


def notification(told: dict | None) -> Notification:
    told = told or {}
    made = Notification(told.get("NotificationType"), told.get("ComparisonOperator"),
                        Decimal(str(told.get("Threshold", -1))), told.get("ThresholdType") or "PERCENTAGE")
    need(made.type in ("ACTUAL", "FORECASTED") and made.comparison in COMPARISONS
         and 0 <= made.threshold <= _MOST_THRESHOLD and made.threshold_type in ("PERCENTAGE", "ABSOLUTE_VALUE"),
         f"The notification {told} is not valid.")
    return made


def subscribers(listed: list[dict]) -> None:
    need(listed, "A notification must have a subscriber.")
    for one in listed:
        _, address = _SUBSCRIBERS.get(one.get("SubscriptionType"), (0, ""))
        need(address and re.fullmatch(address, one.get("Address") or ""), f"The subscriber {one} is not valid.")
    need(all(listed.count(one) == 1 for one in listed),
         "Unable to create subscriber - the subscriber already exists.", "DuplicateRecordException")
    for kind, (most, _) in _SUBSCRIBERS.items():
        need(sum(one["SubscriptionType"] == kind for one in listed) <= most,
             f"A notification has at most {most} subscribers of the type {kind}.", "CreationLimitExceededException")


def one_more(notifications: list[Notification], new: Notification, time_unit: str) -> None:
    """Whether a budget can have one more notification."""
    need((time_unit, new.type) != ("DAILY", "FORECASTED"), "A daily budget has no forecasts.")
    need(new not in notifications, "Unable to create notification - the notification already exists.",
         "DuplicateRecordException")
    need(len(notifications) < _MOST_NOTIFICATIONS, f"A budget has at most {_MOST_NOTIFICATIONS} notifications.",
         "CreationLimitExceededException")
