"""Holds every row of the catalog of controls, and every service of the API table, against the API models of botocore.

A row is data that nothing compiles: a member that an API does not have, or a field that a copy drops on its way from
what was described to what is written, would show up in somebody's account. Here it shows up before. Prints a line for
each problem; first it breaks a row on purpose, to see that it would notice. Run it with the Python of
`tests/local-aws/requirements.txt`. A table of controls and their modes (`--modes`) is compared where one is given.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import reach
import sample
import sources
from rows import Row
from wire import Api

ROOT = Path(__file__).resolve().parents[2]
ROWS, TABLES = ROOT / "shared/remediation/data/controls", ROOT / "shared/aws/data"
REACH, SOURCES = ROOT / "shared/remediation/data/reach.json", ROOT / "shared/remediation/data/sources.json"
CONTROLS = 80


def mode_fits(row: dict, wanted: str) -> bool:
    """`wanted` is `A`, `G`, `P` or `T`, and more; `A if …` asks for a guard."""
    guarded = not re.match(r"A( with guard|.* if )", wanted) or bool(row.get("guard"))
    return guarded and {"A": "automatic", "G": "guarded", "P": "approval", "T": "ticket"}[wanted[0]] == row["mode"]


def check(rows: list[tuple[str, dict]], tables: list[dict], report: Callable[[str], None]) -> dict[str, Api]:
    """Checks rows, each with the name of its file, and the tables of the APIs that they call."""
    entries: dict[str, dict] = {}
    for table in tables:
        for service, entry in table.items():
            known = entries.setdefault(service, entry | {"operations": {}})
            known["operations"] |= entry.get("operations", {})
            if known | {"operations": {}} != entry | {"operations": {}}:
                report(f"apis*.json {service}: is not the same in all files")
    used: dict[str, set[str]] = {name: set(entry["operations"]) for name, entry in entries.items()}
    for _, row in rows:
        for call in [*row.get("describe", {}).values(), *row.get("steps", []), *row.get("undo", [])]:
            service, _, operation = call.get("call", "").partition(":")
            used.setdefault(service, set()).add(operation)
    apis = {name: Api(name, entry, used[name]) for name, entry in entries.items()}
    for name, api in apis.items():
        for what in api.problems():
            report(f"apis*.json {name}: {what}")
    for file, row in rows:
        Row(row, apis, lambda what, of=f"{file} {row['control']}": report(f"{of}: {what}"))
    return apis


def inventory(rows: list[tuple[str, dict]], modes: Path | None, report: Callable[[str], None]) -> None:
    """Every control has one row, in the mode that is asked for."""
    names = [row["control"] for _, row in rows]
    for name in sorted({name for name in names if names.count(name) > 1}):
        report(f"{name}: has {names.count(name)} rows")
    if len(names) != CONTROLS:
        report(f"{len(names)} controls, not {CONTROLS}")
    if modes:
        with modes.open() as file:
            wanted = {line["control"]: line["mode"] for line in csv.DictReader(file, dialect="excel-tab")}
        for name in sorted(wanted.keys() ^ set(names)):
            report(f"{name}: {'has no row' if name in wanted else f'is not in {modes.name}'}")
        for file, row in rows:
            mode = wanted.get(row["control"])
            if mode and not mode_fits(row, mode):
                report(f"{file} {row['control']}: is {row['mode']}, not {mode}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--modes", type=Path, help="table with the columns control and mode, separated by tabs")
    arguments = parser.parse_args()
    found: dict[str, None] = dict.fromkeys(sample.unnoticed(check))
    rows = [(path.name, row) for path in sorted(ROWS.glob("*.json")) for row in json.loads(path.read_text())]
    tables = [json.loads(path.read_text()) for path in sorted(TABLES.glob("apis*.json"))]
    inventory(rows, arguments.modes, found.setdefault)
    apis = check(rows, tables, found.setdefault)
    entries, notes = {name: api.entry for name, api in apis.items()}, []
    found |= dict.fromkeys(reach.faults([row for _, row in rows], json.loads(REACH.read_text()), entries, notes.append))
    found |= dict.fromkeys(sources.faults([row for _, row in rows], json.loads(SOURCES.read_text())))
    for problem in found:
        print(problem)
    if not found:
        calls = sum(len(row.get(field, [])) for _, row in rows for field in ("describe", "steps", "undo"))
        print(f"{len(rows)} controls make {calls} calls to {len(apis)} services as their models say")
        print(*notes, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
