"""Cost Explorer's GetCostAndUsage: what accounts cost a day
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html).

moto answers with results that a test queues. Here a test says what was spent, and requests are answered from that:
days or months, filters, groups, pages. Every cost metric shows the same figure; there are no quantities and no hours.
Amounts of two currencies are never added up: a group is shown once for each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from . import cost_requests
from . import organizations
from .cost_requests import invalid, unavailable

_METRICS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
_DIMENSIONS = {"LINKED_ACCOUNT": "account", "SERVICE": "service", "RECORD_TYPE": "record_type", "REGION": "region"}
_MOST_GROUPS, _MONTHS_KEPT, _DAYS_ESTIMATED = 2, 13, 2
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_ProductAttributeValues.html
_FIRST_ATTRIBUTES = date(2026, 9, 1)


@dataclass(frozen=True)
class Cost:
    """What costs are told apart by."""

    account: str
    service: str
    date: date
    record_type: str
    region: str
    model: str
    tags: tuple[tuple[str, str], ...]

    def has_attributes(self) -> bool:
        """Costs of other services have no product attributes."""
        return "Bedrock" in self.service


@dataclass(frozen=True)
class Paging:
    """How many groups a page has, and whether a first page is empty and has a token, as it may happen."""

    size: int = 1000
    empty: bool = False


_TOLD = {"account", "service", "date", "amount", "recordType", "currency", "region", "model", "tags"}

# Amount and currency.
_costs: dict[Cost, tuple[Decimal, str]] = {}
_paging = Paging()


def _reader(kind: str, key: str | None) -> Callable[[Cost], str]:
    if kind == "Tags":
        return lambda cost: dict(cost.tags).get(key, "")
    if kind == "ProductAttributes":
        return lambda cost: cost.model if key == "model" else ""
    if key not in _DIMENSIONS:
        raise invalid(f"Dimension {key} is not allowed. Played are {', '.join(_DIMENSIONS)}.")
    return lambda cost: getattr(cost, _DIMENSIONS[key])


def _grouping(group: dict) -> Callable[[Cost], str]:
    """The key of a cost in a group: that of a tag or an attribute begins with its name."""
    kind, key = group.get("Type") or "DIMENSION", group.get("Key")
    read = _reader({"DIMENSION": "Dimensions", "TAG": "Tags", "PRODUCT_ATTRIBUTE": "ProductAttributes"}.get(kind, kind),
                   key)
    return read if kind == "DIMENSION" else lambda cost: f"{key}${read(cost)}"


def _named(expression: object, inside_not: bool = False) -> Iterator[tuple[str, dict, bool]]:
    """Everything that an Expression compares with, and whether that is inside a Not."""
    for root, inner in expression.items() if isinstance(expression, dict) else ():
        if root in ("And", "Or", "Not"):
            for part in [inner] if root == "Not" else inner:
                yield from _named(part, inside_not or root == "Not")
        else:
            yield root, inner, inside_not


def _asks_attributes(request: dict, begin: date) -> bool:
    """Whether a request is about product attributes; then it is about the services only that have them."""
    named = list(_named(request.get("Filter")))
    if not (any(root == "ProductAttributes" for root, _, _ in named)
            or any(group.get("Type") == "PRODUCT_ATTRIBUTE" for group in request.get("GroupBy") or [])):
        return False
    if begin < _FIRST_ATTRIBUTES:
        raise unavailable("Product attributes are available from 2026-09-01 on.")
    for _, inner, inside_not in named:
        if inner.get("Key") == "SERVICE" and (inside_not or not all("Bedrock" in one for one in inner["Values"])):
            raise invalid("With product attributes, a SERVICE filter must name supported services only.")
    return True


def wanted(request: dict, account: str, begin: date) -> list[tuple[Cost, Decimal, str]]:
    """The costs that a request is about. The management account sees all accounts, another only itself."""
    matches = cost_requests.matcher(request["Filter"], _reader) if request.get("Filter") else lambda _: True
    attributes = _asks_attributes(request, begin)
    return [(cost, amount, currency) for cost, (amount, currency) in list(_costs.items())
            if account in (cost.account, organizations.MANAGEMENT_ACCOUNT) and matches(cost)
            and (cost.has_attributes() or not attributes)]


def _time(request: dict) -> cost_requests.Days:
    if request.get("Granularity") not in ("DAILY", "MONTHLY"):
        raise invalid("Granularity must be DAILY or MONTHLY; HOURLY is not played.")
    begin, end = cost_requests.time_period(request.get("TimePeriod"))
    if end > cost_requests.next_month(cost_requests.today()):
        raise invalid("end date past the beginning of next month")
    if begin < cost_requests.months_before(cost_requests.today(), _MONTHS_KEPT):
        raise invalid("You haven't enabled historical data beyond 14 months")
    return begin, end


def _rows(request: dict, account: str) -> list[tuple[cost_requests.Days, tuple | None]]:
    """Groups of all periods in order: keys, currency, amount; none of a period in which nothing was spent."""
    begin, end = _time(request)
    readers = [_grouping(group) for group in request.get("GroupBy") or []]
    periods = list(cost_requests.periods(request["Granularity"], (begin, end)))
    sums: dict[date, dict[tuple, Decimal]] = {first: {} for first, _ in periods}
    for cost, amount, currency in wanted(request, account, begin):
        if begin <= cost.date < end:
            month = max(cost.date.replace(day=1), begin)
            of_period = sums[cost.date if request["Granularity"] == "DAILY" else month]
            key = tuple(read(cost) for read in readers), currency
            of_period[key] = of_period.get(key, Decimal()) + amount
    return [(period, group) for period in periods
            for group in [(*key, amount) for key, amount in sorted(sums[period[0]].items())] or [None]]


def _result(request: dict, period: cost_requests.Days, groups: list[tuple]) -> dict:
    """One of ResultsByTime. Of the last days the costs are estimates."""

    def metrics(currency: str, amount: Decimal) -> dict:
        return {name: {"Amount": str(amount), "Unit": currency} for name in request["Metrics"]}

    result = {"TimePeriod": cost_requests.shown(period), "Total": {}, "Groups": [],
              "Estimated": period[1] > cost_requests.today() - timedelta(days=_DAYS_ESTIMATED)}
    if request.get("GroupBy"):
        result["Groups"] = [{"Keys": list(keys), "Metrics": metrics(currency, amount)}
                            for keys, currency, amount in groups]
    else:
        result["Total"] = metrics(*(groups[0][1:] if groups else ("USD", Decimal())))
    return result


def _results(request: dict, rows: list[tuple[cost_requests.Days, tuple | None]]) -> list[dict]:
    together: list[tuple[cost_requests.Days, list[tuple]]] = []
    for period, group in rows:
        if not together or together[-1][0] != period or not request.get("GroupBy"):
            together.append((period, []))
        together[-1][1].extend([group] if group else [])
    return [_result(request, *one) for one in together]


def get_cost_and_usage(request: dict, account: str) -> dict:
    if not request.get("Metrics") or not set(request["Metrics"]) <= set(_METRICS):
        raise invalid(f"Metrics must be among {', '.join(_METRICS)}")
    groups = request.get("GroupBy") or []
    if len(groups) > _MOST_GROUPS:
        raise invalid(f"At most {_MOST_GROUPS} groups are allowed.")
    digest, begin = cost_requests.page_of(request)
    rows, answer = _rows(request, account), {"GroupDefinitions": groups, "DimensionValueAttributes": []}
    if _paging.empty and not request.get("NextPageToken"):
        return answer | {"ResultsByTime": [], "NextPageToken": f"{digest}:0"}
    end = begin + _paging.size
    answer["ResultsByTime"] = _results(request, rows[begin:end])
    if end < len(rows):
        answer["NextPageToken"] = f"{digest}:{end}"
    if any(group.get("Key") == "LINKED_ACCOUNT" for group in groups):
        answer["DimensionValueAttributes"] = [{"Value": one.id, "Attributes": {"description": one.name}}
                                              for one in organizations.backend().accounts]
    return answer


def _read(told: dict) -> tuple[Cost, tuple[Decimal, str]]:
    if odd := set(told) - _TOLD:
        raise ValueError(f"a cost has no {', '.join(sorted(odd))}")
    try:
        cost = Cost(told["account"], told["service"], date.fromisoformat(told["date"]), told.get("recordType", "Usage"),
                    told.get("region", "us-east-1"), told.get("model", ""), tuple(sorted(told.get("tags", {}).items())))
        return cost, (Decimal(told["amount"]), told.get("currency", "USD"))
    except (KeyError, InvalidOperation) as error:
        raise ValueError("a cost has an account, a service, a date, and a number as amount") from error


def set_costs(request: dict) -> dict:
    """`POST /_local/costs`: what was spent on days; said again of the same, it replaces. `pageSize` and `emptyPage` say
    how GetCostAndUsage pages."""
    global _paging
    _costs.update(_read(one) for one in request.get("costs") or [])
    _paging = Paging(request.get("pageSize", _paging.size), request.get("emptyPage", _paging.empty))
    return {"costs": len(_costs), "pageSize": _paging.size, "emptyPage": _paging.empty}


def forget_costs() -> dict:
    """`DELETE /_local/costs`."""
    global _paging
    _costs.clear()
    _paging = Paging()
    return {}


def install() -> None:
    cost_requests.played(get_cost_and_usage, ResultsByTime=[], GroupDefinitions=[], DimensionValueAttributes=[])
