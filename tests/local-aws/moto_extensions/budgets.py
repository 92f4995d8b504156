"""AWS Budgets (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html).

moto keeps what is sent. It takes any name, limit, notification and subscriber, and has no updates, no subscribers, no
tags, no pages and no end of a budget. Here the spend of a budget is what a test says, and zero from an update on until
it is said again; amounts have a fraction, as AWS shows them. Budgets that adjust themselves, and actions, are not
played.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from moto.budgets.responses import BudgetsResponse

from . import budget_checks as checks
from .budget_checks import Notification, need
from .organizations import MANAGEMENT_ACCOUNT

_SPEND = {"ACTUAL": "actual", "FORECASTED": "forecast"}
_MOST_TAGS, _PAGE, _MOST_BUDGETS, _MOST_LISTED = 200, 100, 1000, 100
_COST_TYPES = {f"Include{name}": True for name in (
    "Credit", "Discount", "OtherSubscription", "Recurring", "Refund", "Subscription", "Support", "Tax", "Upfront",
)} | {"UseAmortized": False, "UseBlended": False}


@dataclass
class Kept:
    """A budget with its notifications and tags. `spend` is ACTUAL and FORECASTED, as far as a test has said it."""

    budget: dict
    notifications: list[Notification] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    spend: dict[str, Decimal] = field(default_factory=dict)
    health: dict = field(default_factory=lambda: {"Status": "HEALTHY"})
    updated: float = field(default_factory=time.time)

    def limit(self) -> dict | None:
        """The budget limit; of planned ones, that of the current period."""
        planned = self.budget.get("PlannedBudgetLimits") or {}
        begun = [start for start in sorted(planned, key=float) if float(start) <= time.time()]
        return planned[begun[-1]] if begun else self.budget.get("BudgetLimit")


Budgets = dict[str, Kept]

# By account and name.
_budgets: dict[str, Budgets] = {}


def _found(budgets: Budgets, request: dict) -> Kept:
    name = request.get("BudgetName")
    need(name in budgets, f"Unable to get budget: {name} - the budget doesn't exist.", "NotFoundException")
    return budgets[name]


def _of(kept: Kept, told: dict | None) -> Notification:
    wanted = checks.notification(told)
    need(wanted in kept.notifications, "Unable to get notification - the notification doesn't exist.",
         "NotFoundException")
    return kept.notifications[kept.notifications.index(wanted)]


def _add_notification(kept: Kept, told: dict | None, subscribers: list[dict] | None) -> None:
    made = checks.notification(told)
    checks.subscribers(subscribers or [])
    checks.one_more(kept.notifications, made, kept.budget["TimeUnit"])
    made.subscribers = list(subscribers)
    kept.notifications.append(made)


def _amount(amount: Decimal | str, unit: str) -> dict:
    text = f"{Decimal(amount):f}"
    return {"Amount": text if "." in text else f"{text}.0", "Unit": unit}


def _shown(kept: Kept, request: dict) -> dict:
    limit, shown = kept.limit(), dict(kept.budget)
    unit = (limit or {}).get("Unit", "USD")
    shown |= {"LastUpdatedTime": kept.updated, "HealthStatus": {**kept.health, "LastUpdatedTime": kept.updated},
              "CalculatedSpend": {f"{kind.capitalize()}Spend": _amount(amount, unit)
                                  for kind, amount in ({"ACTUAL": Decimal()} | kept.spend).items()}}
    if limit:
        shown["BudgetLimit"] = _amount(limit["Amount"], unit)
    if not request.get("ShowFilterExpression"):
        shown.pop("FilterExpression", None)
    if shown["BudgetType"] == "COST" and not (kept.budget.get("FilterExpression") or kept.budget.get("Metrics")):
        shown["CostTypes"] = _COST_TYPES | (shown.get("CostTypes") or {})
    return shown


def _shown_notification(kept: Kept, one: Notification) -> dict:
    """A notification is in alarm if the spend is beyond its threshold."""
    limit, spend = Decimal((kept.limit() or {}).get("Amount") or 100), kept.spend.get(one.type)
    threshold = one.threshold * limit / 100 if one.threshold_type == "PERCENTAGE" else one.threshold
    alarm = spend is not None and checks.COMPARISONS[one.comparison](spend, threshold)
    return {"NotificationType": one.type, "ComparisonOperator": one.comparison, "Threshold": float(one.threshold),
            "ThresholdType": one.threshold_type, "NotificationState": "ALARM" if alarm else "OK"}


def _page(items: list, request: dict, key: str, most: int = _MOST_LISTED) -> dict:
    size, token = request.get("MaxResults") or _PAGE, request.get("NextToken") or f"{key}:0"
    need(1 <= size <= most, f"MaxResults must be between 1 and {most}.")
    of_list, _, start = token.partition(":")
    need(of_list == key and start.isdigit(), "The pagination token is invalid.", "InvalidNextTokenException")
    end = int(start) + size
    return {key: items[int(start):end]} | ({"NextToken": f"{key}:{end}"} if end < len(items) else {})


def create_budget(request: dict, budgets: Budgets) -> dict:
    kept = Kept(checks.budget(request.get("Budget") or {}))
    name = kept.budget["BudgetName"]
    need(name not in budgets, f"Error creating budget: {name} - the budget already exists.", "DuplicateRecordException")
    for one in request.get("NotificationsWithSubscribers") or []:
        _add_notification(kept, one.get("Notification"), one.get("Subscribers"))
    _tag(kept, request.get("ResourceTags") or [])
    budgets[name] = kept
    return {}


def update_budget(request: dict, budgets: Budgets) -> dict:
    """Notifications and tags stay; the spend is zero until there is new data."""
    budget = request.get("NewBudget") or {}
    kept = _found(budgets, budget)
    kept.budget, kept.spend, kept.updated = checks.budget(budget), {}, time.time()
    return {}


def delete_budget(request: dict, budgets: Budgets) -> dict:
    _found(budgets, request)
    del budgets[request["BudgetName"]]
    return {}


def describe_budget(request: dict, budgets: Budgets) -> dict:
    return {"Budget": _shown(_found(budgets, request), request)}


def describe_budgets(request: dict, budgets: Budgets) -> dict:
    return _page([_shown(kept, request) for _, kept in sorted(budgets.items())], request, "Budgets", _MOST_BUDGETS)


def create_notification(request: dict, budgets: Budgets) -> dict:
    _add_notification(_found(budgets, request), request.get("Notification"), request.get("Subscribers"))
    return {}


def update_notification(request: dict, budgets: Budgets) -> dict:
    kept, new = _found(budgets, request), checks.notification(request.get("NewNotification"))
    old = _of(kept, request.get("OldNotification"))
    need(new == old or new not in kept.notifications,
         "Unable to update notification - the notification already exists.", "DuplicateRecordException")
    new.subscribers = old.subscribers
    kept.notifications[kept.notifications.index(old)] = new
    return {}


def delete_notification(request: dict, budgets: Budgets) -> dict:
    kept = _found(budgets, request)
    kept.notifications.remove(_of(kept, request.get("Notification")))
    return {}


def describe_notifications_for_budget(request: dict, budgets: Budgets) -> dict:
    kept = _found(budgets, request)
    return _page([_shown_notification(kept, one) for one in kept.notifications], request, "Notifications")


def describe_budget_notifications_for_account(request: dict, budgets: Budgets) -> dict:
    listed = [{"BudgetName": name, "Notifications": [_shown_notification(kept, one) for one in kept.notifications]}
              for name, kept in sorted(budgets.items())]
    return _page(listed, request, "BudgetNotificationsForAccount", _MOST_BUDGETS)


def _change_subscribers(request: dict, budgets: Budgets, old: str | None, new: str | None) -> dict:
    """Takes the subscriber `old` away and adds `new`; without any, the notification is gone."""
    kept = _found(budgets, request)
    notification = _of(kept, request.get("Notification"))
    subscribers = list(notification.subscribers)
    if old:
        need(request.get(old) in subscribers, "Unable to get subscriber - the subscriber doesn't exist.",
             "NotFoundException")
        subscribers.remove(request[old])
    if new:
        subscribers.append(request.get(new) or {})
        checks.subscribers(subscribers)
    notification.subscribers = subscribers
    if not subscribers:
        kept.notifications.remove(notification)
    return {}


def create_subscriber(request: dict, budgets: Budgets) -> dict:
    return _change_subscribers(request, budgets, None, "Subscriber")


def update_subscriber(request: dict, budgets: Budgets) -> dict:
    return _change_subscribers(request, budgets, "OldSubscriber", "NewSubscriber")


def delete_subscriber(request: dict, budgets: Budgets) -> dict:
    return _change_subscribers(request, budgets, "Subscriber", None)


def describe_subscribers_for_notification(request: dict, budgets: Budgets) -> dict:
    return _page(_of(_found(budgets, request), request.get("Notification")).subscribers, request, "Subscribers")


def _tag(kept: Kept, tags: list[dict]) -> None:
    merged = kept.tags | {tag["Key"]: tag["Value"] for tag in tags}
    need(len(merged) <= _MOST_TAGS, f"A budget has at most {_MOST_TAGS} tags.", "ServiceQuotaExceededException")
    kept.tags = merged


def _tagged(request: dict, budgets: Budgets) -> Kept:
    """The budget of an ARN such as arn:aws:budgets::111122223333:budget/name."""
    return _found(budgets, {"BudgetName": (request.get("ResourceARN") or "").partition(":budget/")[2]})


def list_tags_for_resource(request: dict, budgets: Budgets) -> dict:
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in _tagged(request, budgets).tags.items()]}


def tag_resource(request: dict, budgets: Budgets) -> dict:
    _tag(_tagged(request, budgets), request.get("ResourceTags") or [])
    return {}


def untag_resource(request: dict, budgets: Budgets) -> dict:
    kept, keys = _tagged(request, budgets), request.get("ResourceTagKeys") or []
    kept.tags = {key: value for key, value in kept.tags.items() if key not in keys}
    return {}


def _live(account: str) -> Budgets:
    """The budgets of an account. One that has ended is gone."""
    budgets = _budgets.setdefault(account, {})
    for name in [name for name, kept in budgets.items() if kept.budget["TimePeriod"]["End"] <= time.time()]:
        del budgets[name]
    return budgets


def _played(method: Callable[[dict, Budgets], dict]) -> Callable[[BudgetsResponse], str]:
    def answer(self: BudgetsResponse) -> str:
        request, own = json.loads(self.body), self.current_account
        named = request.get("AccountId") or (request.get("ResourceARN") or ":::::").split(":")[4]
        need(named == own, f"Account {own} is not authorized to the budgets of account {named}.",
             "AccessDeniedException")
        return json.dumps(method(request, _live(own)))

    return answer


def set_spend(request: dict) -> dict:
    """`POST /_local/budgets/spend`: what was spent and is forecast, and the health, of budgets that exist."""
    for told in request.get("budgets") or []:
        account, name = told.get("account", MANAGEMENT_ACCOUNT), told.get("name")
        kept = _live(account).get(name)
        if kept is None:
            raise ValueError(f"account {account} has no budget {name}")
        try:
            kept.spend |= {kind: Decimal(told[member]) for kind, member in _SPEND.items() if member in told}
        except InvalidOperation as error:
            raise ValueError("actual and forecast are numbers") from error
        kept.health = told.get("health", kept.health)
    return {"budgets": {account: sorted(_live(account)) for account in list(_budgets)}}


def install() -> None:
    for method in (create_budget, update_budget, delete_budget, describe_budget, describe_budgets, create_notification,
                   update_notification, delete_notification, describe_notifications_for_budget,
                   describe_budget_notifications_for_account, create_subscriber, update_subscriber, delete_subscriber,
                   describe_subscribers_for_notification, list_tags_for_resource, tag_resource, untag_resource):
        setattr(BudgetsResponse, method.__name__, _played(method))
