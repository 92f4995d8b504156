"""What runs for AI in an account, as the Rust crate of the same name lists it; both read the same table of kinds."""

import json
from datetime import UTC, date, datetime, timedelta

from botocore.exceptions import ClientError

from documents import each
from landing_zone import EMAIL, ROOT
from suite import code
from templates import NOTHING, all_hold, fill, find, holds, pointer
from templates import time as instant

KINDS = {row["kind"]: row for row in json.loads((ROOT / "shared/workloads/data/kinds.json").read_text())}
EXEMPTION_TAG = "spend-exempt"
HALF_A_DAY = timedelta(hours=12)


class Unreadable(Exception):
    """AWS shows something else than the table expects."""


def running(member, account, kind):
    """What of a kind runs, or is about to. A Region that does not answer is an error, never an empty list."""
    row, region = KINDS[kind], member.region
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    scenes = [({"account": account, "region": region, "partition": partition}, {})]
    for reading in row["list"]:
        scenes = [
            (parts, documents | {reading["name"]: entry})
            for parts, documents in scenes
            for entry in read(member, reading, parts, documents) or []
        ]
    found = [one(member, row, dict(parts), documents) for parts, documents in scenes]
    return [workload for workload in found if workload is not None]


def one(member, row, parts, documents):
    """The workload of an entry; None for what does not run, or is gone by now."""
    if is_skipped(row, documents):
        return None
    if row.get("name") is not None:
        parts["name"] = fill(row["name"], parts, documents)
    documents["id"] = fill(row["id"], parts, documents)
    for reading in row["describe"]:
        if reading.get("acting"):
            continue
        try:
            document = read(member, reading, parts, documents)
        except ClientError as error:
            if code(error) in reading.get("absent", []):
                return None
            raise
        if document is not None:
            documents[reading["name"]] = document
    if not documents.get(row["list"][-1]["name"]) or is_skipped(row, documents):
        return None
    return workload(member, row, parts, documents)


def is_skipped(row, documents):
    return any(holds(condition, documents) for condition in row["skip"])


def workload(member, row, parts, documents):
    arn, since = fill(row["arn"], parts, documents), fill(row["since"], parts, documents)
    if not isinstance(arn, str):
        raise Unreadable(f"the ARN of a {row['title']}, which is {arn},")
    tags = tag_map(find(documents, row["tags"]))
    return {
        "kind": row["kind"],
        "arn": arn,
        "name": parts.get("name") or arn.rpartition("/")[2],
        "region": member.region,
        "machines": [machine for rule in row["machines"] for machine in machines(rule, documents)],
        "since": since_when(row, since),
        "tags": tags,
        "exempt": exempt(tags),
        "id": documents["id"],
    }


def since_when(row, value):
    """A time as services write it: ISO 8601, or seconds since 1970."""
    try:
        return instant(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"the start of a {row['title']}, which is {value},") from None


def tag_map(tags):
    """Tags, however their service writes them."""
    entries = [] if tags is NOTHING else each(tags)
    keyed = [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value", ""))) for tag in entries]
    return {key: value for key, value in keyed if key is not None}


# --- Readings --------------------------------------------------------------------------------------------------------


def read(member, reading, parts, documents):
    """What a reading shows, with all its pages; None where it is not meant here."""
    if "each" not in reading:
        return once(member, reading, parts, documents)
    all_of_them = []
    for item in each(found(documents, reading["each"])):
        try:
            document = once(member, reading, parts, documents | {"item": item})
        except ClientError as error:
            if code(error) not in reading.get("absent", []):
                raise
            document = {"missing": True}
        if document is not None:
            all_of_them.append(document)
    return all_of_them


def once(member, reading, parts, documents):
    if not all_hold(reading.get("if", []), documents):
        return None
    if "value" in reading:
        value = fill(reading["value"], parts, documents)
        return each(found({"": value}, f"/{reading['items']}")) if "items" in reading else value
    parameters, items = fill(reading.get("with", {}), parts, documents), []
    while True:
        try:
            answer = member.send(reading["call"], parameters)
        except ClientError as error:
            if code(error) not in reading.get("nothing", []):
                raise
            answer = {}
        if "items" not in reading:
            return answer
        items += each(found(answer, reading["items"]))
        parameter, place = reading.get("token", (None, "/"))
        token = found(answer, place)
        if not token or parameter is None:
            return items
        parameters = parameters | {parameter: token}


def found(documents, place):
    value = pointer(documents, place)
    return None if value is NOTHING else value


# --- Machines --------------------------------------------------------------------------------------------------------


def machines(rule, documents):
    """Instance types and how many of each, where a row finds them."""
    first, *others = ([dict(entry) for entry in each(found(documents, place))] for place in rule["of"])
    by = rule.get("by")
    for more in (entry for entries in others for entry in entries if by in entry):
        same = next((entry for entry in first if entry.get(by) == more[by]), None)
        if same is not None:
            same |= more
    for entry in first:
        for part in each(found(entry, rule["inner"])) if "inner" in rule and found(entry, rule["inner"]) else [entry]:
            values = [value for place in rule["type"] if (value := found(part, place)) is not None]
            counts = [value for place in rule["count"] if (value := found(part, place)) is not None]
            if values and int(counts[0] if counts else 1) > 0:
                yield values[0], int(counts[0] if counts else 1)


# --- Exemptions ------------------------------------------------------------------------------------------------------


def exempt(tags):
    """Why a resource is left alone: what its tag says. One that cannot be read protects too, and says why it cannot."""
    text = tags.get(EXEMPTION_TAG)
    if text is None:
        return None
    try:
        until = last_day(text)
    except ValueError as why:
        return f"the tag {EXEMPTION_TAG} cannot be read: {why}"
    # Until its day is over wherever its owner lives.
    return None if until < (datetime.now(UTC) - HALF_A_DAY).date() else text


def last_day(text):
    until, by, rest = text.lstrip().removeprefix("until ").partition(" by ")
    if not text.lstrip().startswith("until "):
        raise ValueError(f'no `until` in "{text}"')
    if not by:
        raise ValueError(f'no `by` in "{text}"')
    owner, what_for, reason = rest.partition(" for ")
    if not what_for:
        raise ValueError(f'no `for` in "{text}"')
    if not EMAIL.fullmatch(owner.strip()):
        raise ValueError(f'no e-mail address of an owner in "{text}"')
    if not reason.strip():
        raise ValueError(f'no reason in "{text}"')
    try:
        return date.fromisoformat(until.strip())
    except ValueError:
        raise ValueError(f'no day such as 2027-01-31 in "{text}"') from None
