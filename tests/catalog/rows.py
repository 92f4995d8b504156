"""One row of the catalog (`shared/remediation/data`) against the API models: places, conditions, values, calls."""

import re
from collections.abc import Callable, Iterable

from wire import ANY, POLICY, Api, Node

# What each form may have, beside the place it looks at.
FORMS = {
    "$": {"else"},
    "$copy": {"without", "rename", "set"},
    "$json": {"else"},
    "$policy": {"add", "remove"},
    "$list": {"where", "take"},
    "$append": {"add"},
}
CONDITION = {"at", "is", "isNot", "in", "atLeast", "atMost", "olderThanDays", "newerThanDays", "exists", "empty"}
CONDITION |= {"has", "hasNot", "any", "range", "covers"}
READ = {"call", "value", "with", "absent", "nothing", "if"}
CHANGE = {"call", "with", "if", "each", "until", "creates"}
FREE_PARTS = {"account", "region", "partition", "finding", "now", "daysAgo14"}
# What a copy may lose, for the call refuses it beside what is set instead
# (https://docs.aws.amazon.com/glue/latest/webapi/API_JobUpdate.html).
REPLACED = {"glue:UpdateJob": {"AllocatedCapacity", "MaxCapacity"}}
# Other braces in a text stand for themselves, as in policies.
PART = re.compile(r"{([\w-]+)}")
# What a scalar is in JSON. What is not here is written in more than one way.
SCALARS = {"boolean": (bool,), "integer": (int,), "long": (int,), "float": (int, float), "double": (int, float)}
SCALARS |= {"string": (str,), "character": (str,), "blob": (str,)}

Scope = dict[str, Node]


class Row:
    """Checks one row, and tells every problem to `report`."""

    def __init__(self, row: dict, apis: dict[str, Api], report: Callable[[str], None]) -> None:
        self.apis, self.report = apis, report
        self.parts = FREE_PARTS | set(row.get("settings", [])) | set(PART.findall(row["resource"]))
        if odd := {part for part in self.parts if not part.isalnum()}:
            report(f"{odd} are no names of parts")
        described: Scope = {"account": ANY}
        for name, read in row.get("describe", {}).items():
            self.members(read, READ, f"describe {name}")
            self.conditions(read.get("if", []), described)
            if ("call" in read) == ("value" in read):
                report(f"describe {name}: is a call or a value")
            answer = self.call(read, described) if "call" in read else self.made(read.get("value"), described, name)
            if name in described or name == "item":
                report(f"describe {name}: the name is taken")
            described[name] = answer
        for field in ("wanted", "guard"):
            self.conditions(row.get(field, []), described)
        self.conditions(row.get("applies", {}).get("when", []), described)
        made: Scope = {}
        for change in [*row.get("steps", []), *row.get("undo", [])]:
            self.members(change, CHANGE, change["call"])
            # A plan is made before anything is called: only parameters may look at what an earlier step makes.
            item: Scope = {}
            if "each" in change:
                several = self.made(change["each"], described, "each")
                item["item"] = several.entry if several.kind == "list" else several
            self.conditions(change.get("if", []), described | item)
            self.conditions(change.get("until", []), described)
            answer = self.call(change, described | made | item)
            if name := change.get("creates"):
                made[name] = answer

    def members(self, of: dict, known: set[str], what: str) -> None:
        for name in of.keys() - known:
            self.report(f"{what}: {name} means nothing there")

    def call(self, call: dict, scope: Scope) -> Node:
        """Checks a call; its answer."""
        service, _, name = call["call"].partition(":")
        api = self.apis.get(service)
        operation = api.operation(name) if api else None
        if not api or not operation:
            self.report(f"{call['call']} is not known: no such {'operation' if api else 'service in apis*.json'}")
            return ANY
        if operation.rest and name not in api.entry.get("operations", {}):
            self.report(f"{call['call']} is not in apis*.json")
        parameters = call.get("with", {})
        self.value(parameters, operation.input, scope, call["call"])
        sent = {*parameters}
        if "$copy" in parameters:
            sent = {*self.copied(parameters, scope, call["call"]).members}
            # Descriptions leave out tags, and what is made anew has to have them.
            if name.startswith("Create") and (tags := {"Tags", "tags"} & operation.input.members.keys() - sent):
                self.report(f"{call['call']}: loses the {''.join(tags)}, which have to be described and set")
        for what in api.unplaced(operation, sorted(sent)):
            self.report(f"{call['call']}: {what}")
        if errors := operation.errors:
            for code in [code for code in call.get("absent", []) + call.get("nothing", []) if code not in errors]:
                self.report(f"{call['call']}: has no error {code}")
        return operation.output

    # Places

    def locate(self, pointer: str, scope: Scope | None) -> Node:
        """What stands at a place; a document without a scope may have anything."""
        if scope is None:
            return ANY
        start, *path = pointer.split("/")
        if start or not path or path[0] not in scope:
            self.report(f"{pointer}: nothing of this name was read before")
            return ANY
        return self.descend(scope[path[0]], path[1:], pointer)

    def descend(self, node: Node, parts: Iterable[str], pointer: str) -> Node:
        for part in (part.replace("~1", "/").replace("~0", "~") for part in parts):
            if node.kind == "list":
                # In XML an entry that is alone stands for its list: it is met without an index, and missed with one.
                if part.isdigit() == (node.style == "xml"):
                    self.report(f"{pointer}: {part} is {'an' if part.isdigit() else 'no'} index of a list")
                    return ANY
                node = node.entry
                if part.isdigit():
                    continue
            if node.kind == "any":
                return ANY
            if node.kind == "map" and part in (node.values or [part]):
                node = node.entry
            elif part in node.members:
                node = node.members[part]
            else:
                self.report(f"{pointer}: there is no {part}{f' in {node.name}' if node.name else ''}")
                return ANY
        return node

    # Conditions

    def conditions(self, several: list[dict], scope: Scope | None) -> None:
        for one in several:
            self.members(one, CONDITION, f"condition {one.get('at', '')}")
            self.conditions(one.get("any", []), scope)
            looks = "at" in one or "any" in one or "range" in one
            if not looks or not one.keys() - {"at"} or ("range" in one) != ("covers" in one):
                self.report(f"condition {one}: says nothing")
            for end in one.get("range", []):
                self.locate(end, scope)
            if "at" not in one:
                continue
            node = self.locate(one["at"], scope)
            for wanted in [one[name] for name in ("is", "isNot") if name in one] + one.get("in", []):
                self.compared(wanted, node, one["at"])
            if one.keys() & {"olderThanDays", "newerThanDays"} and node.kind not in ("string", "any"):
                self.report(f"{one['at']}: is a {node.kind}, and an age is known of texts only")
            entry = node.entry if node.kind == "list" else node
            for wanted in [one[name] for name in ("has", "hasNot") if name in one]:
                self.compared(wanted, entry, one["at"])

    def compared(self, wanted: object, node: Node, place: str) -> None:
        """A value of a condition: whole, or some members of it. It is compared as it is written."""
        if isinstance(wanted, dict) and node.kind in ("object", "map", "any"):
            for name, inner in wanted.items():
                self.compared(inner, self.descend(node, [name], f"{place}/{name}"), f"{place}/{name}")
        elif isinstance(wanted, list) and node.kind in ("list", "any"):
            for inner in wanted:
                self.compared(inner, node.entry, place)
        elif wanted is not None:
            # A text that reads as the value is taken for it.
            if isinstance(wanted, str) or node.kind != "string":
                self.literal(wanted, node, place)
            if isinstance(wanted, str) and PART.search(wanted):
                self.report(f"{place}: {wanted} names a part where none is put in")

    # Values

    def value(self, value: object, target: Node, scope: Scope, place: str) -> None:
        """A value that is sent as `target`."""
        if isinstance(value, dict) and value.keys() == {"$literal"}:
            return
        if isinstance(value, dict) and any(name.startswith("$") for name in value):
            self.form(value, target, scope, place)
        elif isinstance(value, dict):
            self.object(value, target, scope, place)
        elif isinstance(value, list):
            if target.kind not in ("list", "any"):
                self.report(f"{place}: is a list where {target.kind} is wanted")
            for one in value:
                self.value(one, target.entry if target.kind == "list" else ANY, scope, place)
        else:
            for part in set(PART.findall(value) if isinstance(value, str) else ()) - self.parts:
                self.report(f"{place}: {{{part}}} is no part that it has")
            self.literal(value, target, place)

    def object(self, value: dict, target: Node, scope: Scope, place: str) -> None:
        if target.kind == "list" and target.style == "xml":
            target = target.entry
        if target.kind not in ("object", "map", "any"):
            self.report(f"{place}: is an object where {target.kind} is wanted")
            target = ANY
        for name, inner in value.items():
            self.value(inner, self.descend(target, [name], f"{place}/{name}"), scope, f"{place}/{name}")
        optional = {name for name, inner in value.items() if isinstance(inner, dict) and inner.get("else", "") is None}
        for name in sorted(target.required - value.keys() | target.required & optional):
            self.report(f"{place}: {name} is missing{' where it was not described' if name in optional else ''}")

    def literal(self, value: object, node: Node, place: str) -> None:
        if isinstance(value, str) and node.values and "{" not in value and value not in node.values:
            self.report(f"{place}: {value} is none of {', '.join(node.values)}")
        if node.kind in ("object", "map", "list"):
            self.report(f"{place}: {value!r} where {node.kind} {node.name} is wanted")
        elif node.style == "json" and node.kind in SCALARS:
            is_right = isinstance(value, SCALARS[node.kind]) and isinstance(value, bool) == (node.kind == "boolean")
            if not is_right:
                self.report(f"{place}: {value!r} where {node.kind} is wanted")

    def kind(self, form: dict, place: str) -> str:
        kind = next((name for name in form if name in FORMS), "")
        if not kind or form.keys() - {kind} - FORMS[kind]:
            self.report(f"{place}: {' '.join(form)} is no form")
            return ""
        return kind

    def form(self, form: dict, target: Node, scope: Scope, place: str) -> None:
        kind = self.kind(form, place)
        if kind == "$copy":
            self.copy(form, target, scope, place)
        elif kind:
            self.fits(self.result(form, kind, scope, place), target, place)
            if form.get("else") is not None:
                self.value(form["else"], target, scope, place)
            if kind == "$append":
                self.value(form["add"], target.entry, scope, place)

    def result(self, form: dict, kind: str, scope: Scope, place: str) -> Node:
        """What comes of a form."""
        source = self.locate(form[kind], scope)
        if kind == "$":
            return source
        if kind == "$json":
            self.fits(source, Node("string"), place)
            return POLICY if re.search(r"policy(Document)?$", form[kind], re.IGNORECASE) else ANY
        if kind == "$policy":
            if ("add" in form) == ("remove" in form):
                self.report(f"{place}: a policy gets a statement more, or one less")
            if "add" in form:
                self.value(form["add"], POLICY.members["Statement"].entry, scope, place)
            return Node("string")
        # In XML an entry that is alone stands for its list; these two forms know that.
        entry = source.entry if source.kind == "list" else source
        if kind == "$append":
            return Node("list", find_entry=lambda: entry)
        self.conditions(form.get("where", []), entry.members if entry.kind == "object" else None)
        taken = self.descend(entry, form.get("take", "").split("/")[1:], f"{form[kind]}: take")
        return Node("list", find_entry=lambda: taken)

    def made(self, value: object, scope: Scope, place: str) -> Node:
        """What comes of a value that is kept, not sent."""
        self.value(value, ANY, scope, place)
        if not isinstance(value, dict):
            return Node("string") if isinstance(value, str) else ANY
        kind = next((name for name in value if name in FORMS), "")
        if kind == "$copy":
            return self.copied(value, scope, place)
        if kind:
            return self.result(value, kind, scope, place)
        members = {name: self.made(inner, scope, f"{place}/{name}") for name, inner in value.items()}
        return Node("object", find_members=lambda: members)

    def copied(self, form: dict, scope: Scope, place: str) -> Node:
        """What a copy takes over and sets, by the names under which it is sent."""
        source, without, rename = self.locate(form["$copy"], scope), form.get("without", []), form.get("rename", {})
        if source.kind == "list" and source.style == "xml":
            source = source.entry
        if source.kind != "object":
            return source
        for name in {*without, *rename} - source.members.keys():
            self.report(f"{place}: {form['$copy']} has no {name}")
        members = {rename.get(name, name): node for name, node in source.members.items() if name not in without}
        lost = source.without.union(without)
        for name, _, deeper in (pointer[1:].partition("/") for pointer in form.get("set", {})):
            if not deeper:
                lost -= {name}
            if not deeper or name not in members:
                members[name] = ANY
        return Node("object", source.style, find_members=lambda: members, without=lost)

    def copy(self, form: dict, target: Node, scope: Scope, place: str) -> None:
        """The whole point of a copy is that nothing is lost, and nothing sent that AWS refuses."""
        self.fits(self.copied(form, scope, place), target, place)
        for pointer, change in form.get("set", {}).items():
            node = target
            for part in pointer.split("/")[1:]:
                if node.kind == "list":
                    self.report(f"{place}: {pointer} leads into a list, which it would replace")
                    node = ANY
                node = self.descend(node, [part], f"{place}{pointer}")
            self.value(change, node, scope, f"{place}{pointer}")

    def fits(self, source: Node, target: Node, place: str, seen: frozenset[tuple[str, str]] = frozenset()) -> None:
        """What is described as `source` can be sent as `target`."""
        pair = (source.name, target.name)
        is_same = bool(source.name) and source.name == target.name and source.style == target.style
        if is_same or "any" in (source.kind, target.kind) or pair in seen:
            return
        deeper = seen | {pair} if all(pair) else seen
        if source.kind == "list" and source.style == "xml" and target.style != "xml" and target.kind == "list":
            self.report(f"{place}: one entry reads as itself in XML: $list makes a list of it")
        # One entry stands for its list, in XML.
        if source.kind != target.kind == "list" and target.style == "xml":
            target = target.entry
        if target.kind != source.kind == "list" and source.style == "xml":
            source = source.entry
        if source.kind == target.kind == "object":
            inner, known = source.members, target.members
            for name in sorted(source.without & known.keys() - REPLACED.get(place.split("/")[0], set())):
                self.report(f"{place}: loses {name}, which it takes")
            for name in sorted(inner.keys() - known.keys()):
                self.report(f"{place}: sends {name}, which it does not take")
            for name in sorted(target.required - inner.keys()):
                self.report(f"{place}: {name} is missing")
            for name in inner.keys() & known.keys():
                self.fits(inner[name], known[name], f"{place}/{name}", deeper)
        elif source.kind == target.kind and source.kind in ("list", "map"):
            self.fits(source.entry, target.entry, place, deeper)
        elif {source.kind, target.kind} & {"object", "list", "map"}:
            self.report(f"{place}: {source.kind} where {target.kind} is wanted")
        elif target.style == "json":
            # XML has texts only.
            found = SCALARS["string"] if source.style == "xml" else SCALARS.get(source.kind, ())
            if not set(found) <= set(SCALARS.get(target.kind, found)):
                self.report(f"{place}: {source.style} {source.kind} where {target.kind} is wanted")
