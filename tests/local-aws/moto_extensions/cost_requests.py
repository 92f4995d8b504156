"""What the calls of Cost Explorer have in common: filters, periods, pages, the faults a test asks for, and the count of
requests, each of which costs 0.01 USD (https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/).

A filter is an Expression
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Expression.html). A value that nothing has
matches nothing, and is no error.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError

_USD_OF_A_REQUEST = Decimal("0.01")
_MATCHES = {"Dimensions": {"EQUALS", "CASE_SENSITIVE"}, "Tags": {"EQUALS", "ABSENT", "CASE_SENSITIVE"},
            "ProductAttributes": {"EQUALS", "ABSENT", "CASE_SENSITIVE"}}
_FAULTS = {
    "DataUnavailableException": "The requested data is unavailable.",
    "LimitExceededException": "You made too many calls in a short period of time. Try again later.",
    "empty": "",
}

# What a kind of value (Dimensions, Tags, ProductAttributes) and a key say of a row.
Reader = Callable[[str, str | None], Callable]
Days = tuple[date, date]


@dataclass
class Fault:
    """The next `times` requests fail with an error, or find nothing: of one operation, or of any."""

    fault: str
    operation: str | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if self.fault not in _FAULTS:
            raise ValueError(f"fault must be one of {', '.join(_FAULTS)}")


_faults: list[Fault] = []
_requests: Counter[str] = Counter()


def invalid(message: str) -> JsonRESTError:
    return JsonRESTError("ValidationException", message)


def unavailable(message: str) -> JsonRESTError:
    return JsonRESTError("DataUnavailableException", message)


def today() -> date:
    return datetime.now(timezone.utc).date()


def matcher(expression: dict | None, read: Reader) -> Callable[[object], bool]:
    """Whether a row is meant by an Expression."""
    if not isinstance(expression, dict) or len(expression) != 1:
        raise invalid("Expression has zero or more than one roots. Only one root operator is allowed for each "
                      "expression: And, Or, Not, Dimensions, Tags, CostCategories, ProductAttributes")
    (root, inner), = expression.items()
    if root in ("And", "Or"):
        if len(inner) < 2:
            raise invalid(f"{root} expression must have at least 2 operands")
        parts, combine = [matcher(part, read) for part in inner], all if root == "And" else any
        return lambda row: combine(part(row) for part in parts)
    if root == "Not":
        part = matcher(inner, read)
        return lambda row: not part(row)
    options, values = set(inner.get("MatchOptions") or ["EQUALS"]), inner.get("Values") or []
    if root not in _MATCHES or not options <= _MATCHES[root]:
        raise invalid(f"{root} with MatchOptions {sorted(options)} is not played.")
    value = read(root, inner.get("Key"))
    if "ABSENT" in options:
        return lambda row: not value(row)
    if not values:
        raise invalid(f"{root} needs Values.")
    return lambda row: value(row) in values


def time_period(asked: dict | None) -> Days:
    """The first day that is asked for, and the day after the last."""
    try:
        begin, end = (date.fromisoformat((asked or {}).get(name) or "") for name in ("Start", "End"))
    except ValueError as error:
        raise invalid("Start and End must be days such as 2026-01-31.") from error
    if begin >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    return begin, end


def next_month(day: date) -> date:
    """The first day of the month after a day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_before(day: date, months: int) -> date:
    """The first day of the month that many months before a day's."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


def periods(granularity: str | None, days: Days) -> Iterator[Days]:
    """The days or calendar months of a time, or the whole of it where no granularity is given."""
    begin, end = days
    while begin < end:
        after = {"DAILY": begin + timedelta(days=1), "MONTHLY": next_month(begin), None: end}[granularity]
        yield begin, min(after, end)
        begin = after


def shown(days: Days) -> dict:
    return {"Start": days[0].isoformat(), "End": days[1].isoformat()}


def page_of(request: dict, token_name: str = "NextPageToken") -> tuple[str, int]:
    """What stands for a request in its tokens, and where the page that it asks for begins. A token is good for the
    request only that it was given to."""
    token = request.get(token_name)
    same = json.dumps({name: value for name, value in request.items() if name != token_name}, sort_keys=True)
    digest = hashlib.sha256(same.encode()).hexdigest()
    of_request, _, offset = (token or f"{digest}:0").partition(":")
    if not offset.isdigit():
        raise JsonRESTError("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
    if of_request != digest:
        raise JsonRESTError("RequestChangedException", "Your request parameters changed between pages. Try again with "
                            "the old parameters or without a pagination token.")
    return digest, int(offset)


def played(method: Callable[[dict, str], dict], **empty) -> None:
    """Has the operation of this name answered by `method`, from the request and the account that asks. `empty` is its
    answer without data."""
    operation = "".join(word.capitalize() for word in method.__name__.split("_"))

    def answer(self: CostExplorerResponse) -> str:
        _requests[operation] += 1
        fault = next((one for one in _faults if one.times > 0 and one.operation in (None, operation)), None)
        if fault:
            fault.times -= 1
            if fault.fault != "empty":
                raise JsonRESTError(fault.fault, _FAULTS[fault.fault])
            return json.dumps(empty)
        return json.dumps(method(json.loads(self.body), self.current_account))

    setattr(CostExplorerResponse, method.__name__, answer)


def plan_fault(request: dict) -> dict:
    """`POST /_local/costs/faults`: one Fault."""
    _faults.append(Fault(**request))
    return {"planned": sum(one.times > 0 for one in _faults)}


def forget_faults() -> dict:
    """`DELETE /_local/costs/faults`."""
    _faults.clear()
    return {}


def overview() -> dict:
    """`GET /_local/costs/requests`: how many were made, by operation, pages and refusals included."""
    return {"requests": dict(_requests), "usd": str(_USD_OF_A_REQUEST * _requests.total())}


def forget_requests() -> dict:
    """`DELETE /_local/costs/requests`."""
    _requests.clear()
    return {}
