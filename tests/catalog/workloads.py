"""Holds every kind of workload (`shared/workloads/data/kinds.json`) against the API models of botocore.

As in `check.py`: what a row asks for and an API does not have shows up here, before it does in somebody's account. Run
it with the Python of `tests/local-aws/requirements.txt`. It breaks rows on purpose first, to see that it would notice.
"""

import json
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

from rows import FREE_PARTS, Row, Scope
from wire import ANY, Api, Node

ROOT = Path(__file__).resolve().parents[2]
KINDS, TABLE = ROOT / "shared/workloads/data/kinds.json", ROOT / "shared/aws/data/apis.json"
READ = {"call", "value", "with", "absent", "nothing", "if"}
READING = READ | {"name", "acting", "items", "token", "each"}
CHANGE = READ | {"cleans", "refused", "later"}
# Documents that the engine makes, and those of the same look before.
MADE = dict.fromkeys(("before", "ours", "ownTags", "scaling", "restore", "item"), ANY)
# Every SageMaker operation has it, and no model says so.
UNMODELLED = {"ValidationException"}


class Kind(Row):
    """Checks one row."""

    def __init__(self, row: dict, apis: dict[str, Api], report: Callable[[str], None]) -> None:
        self.apis, self.report = apis, report
        self.parts = FREE_PARTS | {"name", "label"}
        scope: Scope = dict(MADE)
        for reading in row["list"]:
            scope[reading["name"]] = self.entry(self.reading(reading, scope))
        self.conditions(row["skip"], scope)
        for field in ("name", "id"):
            if field in row:
                scope[field] = self.made(row[field], scope, field)
        # Only an instance is looked for anew among its reservations; all else has what describes it under its own name.
        listed = dict(scope)
        for reading in row["describe"]:
            scope[reading["name"]] = self.reading(reading, scope)
            listed |= {} if reading.get("acting") else {reading["name"]: scope[reading["name"]]}
        for field in ("arn", "since"):
            self.made(row[field], listed, field)
        for place in [row["tags"], *(place for machines in row["machines"] for place in machines["of"])]:
            self.locate(place, listed)
        for field in ("stopped", "gone", "started"):
            self.conditions(row.get(field, []), scope)
        for reason in row.get("cannot", []) + row.get("left", []):
            self.conditions(reason["if"], scope)
        for place in row.get("same", []):
            self.locate(place, scope)
        for change in row.get("stop", []) + row.get("start", []):
            self.members(change, CHANGE, change["call"])
            self.conditions(change.get("if", []), scope)
            self.call(change, scope)

    def reading(self, reading: dict, scope: Scope) -> Node:
        name = reading["name"]
        self.members(reading, READING, name)
        if "each" in reading:
            scope = scope | {"item": self.entry(self.locate(reading["each"], scope))}
        self.conditions(reading.get("if", []), scope)
        if "call" not in reading:
            answer = self.made(reading["value"], scope, name)
        else:
            known = {**reading}
            for field in ("absent", "nothing"):
                known[field] = [code for code in reading.get(field, []) if code not in UNMODELLED]
            answer = self.call(known, scope)
            if "token" in reading:
                send, place = reading["token"]
                self.descend(self.input(reading["call"]), [send], f"{name}: token")
                self.descend(answer, place.split("/")[1:], f"{name}: token")
        if "items" in reading:
            found = self.descend(answer, reading["items"].split("/")[1:], f"{name}: items")
            entry = found.entry if found.kind == "list" else found
            answer = Node("list", find_entry=lambda: entry)
        if "each" not in reading:
            return answer
        # What is absent is told as an entry of its own.
        one = Node("object", find_members=lambda: answer.members | {"missing": Node("boolean")})
        return Node("list", find_entry=lambda: one)

    def input(self, call: str) -> Node:
        service, _, name = call.partition(":")
        api = self.apis.get(service)
        operation = api.operation(name) if api else None
        return operation.input if operation else ANY

    def entry(self, node: Node) -> Node:
        return node.entry if node.kind == "list" else node


def calls(row: dict) -> Iterator[str]:
    for field in ("list", "describe", "stop", "start"):
        yield from (entry["call"] for entry in row.get(field, []) if "call" in entry)


def check(rows: list[dict], table: dict, report: Callable[[str], None]) -> int:
    used: dict[str, set[str]] = {name: set(entry.get("operations", {})) for name, entry in table.items()}
    for row in rows:
        for call in calls(row):
            used.setdefault(call.partition(":")[0], set()).add(call.partition(":")[2])
    apis = {name: Api(name, entry, used[name]) for name, entry in table.items()}
    for row in rows:
        Kind(row, apis, lambda what, kind=row["kind"]: report(f"{kind}: {what}"))
    return sum(1 for row in rows for _ in calls(row))


def unnoticed(rows: list[dict], table: dict) -> Iterator[str]:
    """Breaks a row in one way after the other."""
    at = {row["kind"]: place for place, row in enumerate(rows)}
    for kind, path, wrong in (
        ("notebook", ["stop", 1, "call"], "sagemaker:StopNotebok"),
        ("notebook", ["list", 0, "items"], "/Notebooks"),
        ("notebook", ["skip", 0, "in", 0], "Stoped"),
        ("training-job", ["list", 0, "token", 0], "NextTokn"),
        ("endpoint", ["start", 0, "with", "EndpointConfigName"], 1),
        ("gpu-instance", ["list", 0, "with", "Filter", 0, "Name"], {"a": 1}),
        ("gpu-instance", ["since", "$"], "/instance/launchTim"),
        ("app", ["machines", 0, "of", 0], "/app/Resources"),
        ("batch-inference-job", ["describe", 0, "absent", 0], "NoSuchJob"),
        ("batch-inference-job", ["list", 0, "with", "maxResult"], 1),
    ):
        broken = deepcopy(rows[at[kind]])
        here = broken
        for name in path[:-1]:
            here = here[name]
        here[path[-1]] = wrong
        found: list[str] = []
        check([broken], table, found.append)
        if not found:
            yield f"{kind}: nobody notices {path} {wrong}"


def main() -> int:
    rows, table = json.loads(KINDS.read_text()), json.loads(TABLE.read_text())
    found: dict[str, None] = dict.fromkeys(unnoticed(rows, table))
    number = check(rows, table, found.setdefault)
    for problem in found:
        print(problem)
    if not found:
        print(f"{len(rows)} kinds of workloads make {number} calls as their models say")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
