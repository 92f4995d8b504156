"""CloudTrail's LookupEvents: the management events of an account and Region of the last 90 days, newest first, two
lookups a second (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html).

moto keeps trails but no events. Here a test says what was recorded; what happens in the emulators is not.
"""

import base64
import hashlib
import itertools
import json
import time
from collections.abc import Callable
from datetime import datetime

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from .clock import Bucket

_MOST = 50
_KEPT_SECONDS = 90 * 24 * 60 * 60
_NEEDED = ("recipientAccountId", "awsRegion", "eventID", "eventName", "eventSource", "eventTime")

# By account and Region: records under their positions, which are their times and the order in which they were told.
_kept: dict[tuple[str, str], dict[tuple[float, int], dict]] = {}
_buckets: dict[tuple[str, str], Bucket] = {}
_order = itertools.count()


def _username(record: dict) -> str | None:
    """Who called: the user, the name of the role's session, or root."""
    identity = record.get("userIdentity") or {}
    if identity.get("type") == "AssumedRole":
        return (identity.get("arn") or "").rpartition("/")[2] or None
    return identity.get("userName") or ("root" if identity.get("type") == "Root" else None)


def _event(record: dict, at: float) -> dict:
    """An event as LookupEvents shows it."""
    resources = [{"ResourceType": item.get("type"), "ResourceName": item.get("ARN")}
                 for item in record.get("resources") or []]
    shown = {
        "EventId": record["eventID"], "EventName": record["eventName"], "EventTime": at,
        "EventSource": record["eventSource"], "ReadOnly": str(bool(record.get("readOnly"))).lower(),
        "AccessKeyId": (record.get("userIdentity") or {}).get("accessKeyId"), "Username": _username(record),
        "Resources": resources, "CloudTrailEvent": json.dumps(record),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _filter(attributes: list[dict]) -> Callable[[dict], bool]:
    """The one lookup attribute that a call may have."""
    if not attributes:
        return lambda _: True
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if len(attributes) > 1 or not isinstance(value, str):
        raise JsonRESTError("InvalidLookupAttributesException", "You can specify one lookup attribute with a value.")
    if key in ("EventId", "EventName", "EventSource", "ReadOnly", "Username", "AccessKeyId"):
        return lambda event: event.get(key) == value
    if key in ("ResourceType", "ResourceName"):
        return lambda event: any(resource[key] == value for resource in event["Resources"])
    raise JsonRESTError("InvalidLookupAttributesException", f"{key} is not a lookup attribute.")


def _token(request: dict, position: tuple[float, int]) -> str:
    """Says where the next page begins, and is good for this request only."""
    same = json.dumps({key: value for key, value in request.items() if key != "NextToken"}, sort_keys=True)
    digest = hashlib.sha256(same.encode()).hexdigest()
    return base64.b64encode(json.dumps([digest, *position]).encode()).decode()


def _start(request: dict) -> tuple[float, int] | None:
    """The position of the last event of the page before."""
    token = request.get("NextToken")
    if token is None:
        return None
    try:
        _, at, order = json.loads(base64.b64decode(token))
        if _token(request, (at, order)) == token:
            return at, order
    except (TypeError, ValueError):
        pass
    raise JsonRESTError("InvalidNextTokenException", "The token is not valid, or was returned for other parameters.")


def lookup_events(self: CloudTrailResponse) -> str:
    place, request = (self.current_account, self.region), json.loads(self.body)
    if not _buckets.setdefault(place, Bucket(2, 2)).take():
        raise JsonRESTError("ThrottlingException", "Rate exceeded")
    most = request.get("MaxResults", _MOST)
    if not 1 <= most <= _MOST:
        raise JsonRESTError("InvalidMaxResultsException", f"MaxResults must be between 1 and {_MOST}.")
    begin, end = request.get("StartTime", 0), request.get("EndTime", float("inf"))
    if begin > end:
        raise JsonRESTError("InvalidTimeRangeException", "The start time is after the end time.")
    if request.get("EventCategory") not in (None, "insight"):
        raise JsonRESTError("InvalidEventCategoryException", "The event category is not valid.")
    category = "Insight" if "EventCategory" in request else "Management"
    wanted, before = _filter(request.get("LookupAttributes") or []), _start(request)
    begin = max(begin, time.time() - _KEPT_SECONDS)

    def is_on_page(position: tuple[float, int], record: dict) -> bool:
        return (begin <= position[0] <= end and (before is None or position < before)
                and record.get("eventCategory", "Management") == category and wanted(_event(record, position[0])))

    records = list(_kept.get(place, {}).items())
    found = sorted((item for item in records if is_on_page(*item)), key=lambda item: item[0], reverse=True)
    answer: dict = {"Events": [_event(record, at) for (at, _), record in found[:most]]}
    if len(found) > most:
        answer["NextToken"] = _token(request, found[most - 1][0])
    return json.dumps(answer)


def remember(request: dict) -> dict:
    """`POST /_local/cloudtrail/events`: CloudTrail records that happened, each in its account and Region."""
    records = request.get("records") or []
    times = []
    for record in records:
        missing = [name for name in _NEEDED if name not in record]
        if missing:
            raise ValueError(f"a record without {', '.join(missing)}")
        times.append(datetime.fromisoformat(record["eventTime"]).timestamp())
    for at, record in zip(times, records, strict=True):
        place = record["recipientAccountId"], record["awsRegion"]
        _kept.setdefault(place, {})[at, next(_order)] = record
    return {"remembered": len(records)}


def forget() -> dict:
    """`DELETE /_local/cloudtrail/events`."""
    _kept.clear()
    return {}


def install() -> None:
    CloudTrailResponse.lookup_events = lookup_events
