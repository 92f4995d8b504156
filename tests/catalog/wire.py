"""API models of botocore as documents on the wire, in the form in which `shared/aws/src/call` sends and reads them.

A model names members as SDKs show them; rows of the catalog name them as they are sent. In between are five protocols,
each with its own way to write lists and names. `Api` knows what a call takes and answers in that form, and whether
`apis.json` says the same as the model about how the service is spoken to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

LOADER = Loader()
PROTOCOLS = {
    "json-1.0": ("json",),
    "json-1.1": ("json",),
    "rest-json": ("rest-json",),
    "rest-xml": ("rest-xml",),
    "query": ("query", "ec2"),
}


@dataclass(frozen=True)
class Node:
    """What stands at a place of a document: `object`, `map`, `list`, `any`, or the model's word for a scalar."""

    kind: str
    # How it is written: `json`, `xml`, or the forms `query` and `ec2`.
    style: str = "json"
    name: str = ""
    # The members of an object are looked up late, for shapes may contain themselves.
    find_members: Callable[[], dict[str, "Node"]] = field(default=dict)
    find_entry: Callable[[], "Node"] | None = None
    required: frozenset[str] = frozenset()
    # What a scalar, or a name in a map, can be; empty for anything.
    values: tuple[str, ...] = ()
    # What a copy left out of it.
    without: frozenset[str] = frozenset()

    @property
    def members(self) -> dict[str, "Node"]:
        return self.find_members()

    @property
    def entry(self) -> "Node":
        return self.find_entry() if self.find_entry else ANY


ANY = Node("any")


def policy() -> Node:
    """The grammar of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    whatever = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")
    condition = Node("map", find_entry=lambda: Node("map"))
    effect = Node("string", values=("Allow", "Deny"))
    members = dict.fromkeys(whatever, ANY) | {"Sid": Node("string"), "Effect": effect, "Condition": condition}
    statement = Node("object", name="Statement", find_members=lambda: members, required=frozenset(["Effect"]))
    # A statement that is alone stands for its list, as in XML.
    statements = Node("list", "xml", find_entry=lambda: statement)
    head = {"Version": Node("string"), "Id": Node("string")}
    return Node("object", name="Policy", find_members=lambda: head | {"Statement": statements})


POLICY = policy()


def name_on_wire(name: str, shape: Shape, style: str) -> str:
    known = shape.serialization
    if style == "ec2":
        return known.get("queryName") or (known["name"][0].upper() + known["name"][1:] if "name" in known else name)
    name = known.get("name", name)
    if style in ("query", "xml") and shape.type_name == "list" and known.get("flattened"):
        return shape.member.serialization.get("name", name)
    return f"@{name}" if known.get("xmlAttribute") else name


def members_node(shape: Shape, style: str, only: Iterable[str] | None = None) -> Node:
    """A structure, or some members of it."""
    chosen = {name: member for name, member in shape.members.items() if only is None or name in only}
    names = {name: name_on_wire(name, member, style) for name, member in chosen.items()}
    return Node(
        "object",
        style,
        shape.name,
        lambda: {names[name]: node(member, style) for name, member in chosen.items()},
        required=frozenset(names[name] for name in shape.required_members if name in names),
    )


def node(shape: Shape, style: str) -> Node:
    kind, known = shape.type_name, shape.serialization
    if kind == "structure":
        return ANY if shape.is_document_type else members_node(shape, style)
    if kind == "list":
        entries = Node("list", style, shape.name, find_entry=lambda: node(shape.member, style))
        if style in ("json", "ec2") or known.get("flattened"):
            return entries
        inner = shape.member.serialization.get("name", "member")
        return Node("object", style, shape.name, lambda: {inner: entries})
    if kind == "map":
        if style == "json":
            keys = tuple(getattr(shape.key, "enum", ()))
            return Node("map", style, shape.name, find_entry=lambda: node(shape.value, style), values=keys)
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        pair = Node("object", style, "", lambda: {key: node(shape.key, style), value: node(shape.value, style)})
        entries = Node("list", style, shape.name, find_entry=lambda: pair)
        return entries if known.get("flattened") else Node("object", style, shape.name, lambda: {"entry": entries})
    if kind == "timestamp":
        is_number = style == "json" and known.get("timestampFormat", "unixTimestamp") == "unixTimestamp"
        kind = "double" if is_number else "string"
    return Node(kind, style, shape.name, values=tuple(getattr(shape, "enum", ())))


@dataclass(frozen=True)
class Http:
    """Where a REST operation goes: a path with parameters, fixed parts of the query, and parameters in the query."""

    method: str
    path: str
    fixed: frozenset[str]
    query: dict[str, str]

    @classmethod
    def read(cls, text: str) -> "Http":
        method, _, place = text.partition(" ")
        path, _, query = place.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        named = {value[1:-1]: name for name, _, value in pairs if value.startswith("{")}
        fixed = frozenset(f"{name}={value}" for name, _, value in pairs if not value.startswith("{"))
        return cls(method, path, fixed, named)

    @property
    def parameters(self) -> set[str]:
        return {name.rstrip("+") for name in re.findall(r"{(.*?)}", self.path)} | self.query.keys()


class Operation:
    """An operation of a model, as its protocol writes it."""

    def __init__(self, model: OperationModel, protocol: str) -> None:
        self.model = model
        self.rest = protocol.startswith("rest-")
        self.style = "xml" if protocol == "rest-xml" else "json"
        if protocol == "query":
            self.style = "ec2" if model.metadata["protocol"] == "ec2" else "query"

    def located(self, where: str) -> dict[str, str]:
        """Members outside of the body, with their names there."""
        shape = self.model.input_shape
        members = shape.members.items() if shape else ()
        return {
            name: member.serialization.get("name", name)
            for name, member in members
            if member.serialization.get("location") == where
        }

    @property
    def errors(self) -> set[str]:
        """Codes of its errors on the wire; none where they are not modelled, or told in two ways."""
        if self.style == "xml" or self.model.service_model.is_query_compatible:
            return set()
        by_code = self.style != "json"
        return {error.error_code if by_code else error.name for error in self.model.error_shapes}

    @property
    def outside(self) -> set[str]:
        return {name for where in ("uri", "querystring", "header", "headers") for name in self.located(where)}

    @property
    def payload(self) -> tuple[str, Shape] | None:
        """The element or member that is the whole body; members stand in the body by themselves where there is none."""
        shape = self.model.input_shape
        if not shape or not self.rest:
            return None
        if name := shape.serialization.get("payload"):
            member = shape.members[name]
            return (name_on_wire(name, member, "xml") if self.style == "xml" else name), member
        if self.style == "xml" and shape.members.keys() - self.outside:
            return shape.serialization["name"], shape
        return None

    @property
    def input(self) -> Node:
        shape = self.model.input_shape
        if not shape:
            return Node("object", self.style)
        if not self.rest:
            return node(shape, self.style)
        # Outside of the body there are texts whatever the protocol, and parameters have the model's names.
        outside, payload = self.outside, self.payload
        rest = [] if payload else [name for name in shape.members if name not in outside]
        body = members_node(shape, self.style, rest)
        required = body.required | frozenset(name for name in shape.required_members if name in outside)

        def members() -> dict[str, Node]:
            found = body.members | {name: node(shape.members[name], "query") for name in outside}
            if payload:
                name, member = payload
                inside = members_node(shape, "xml", shape.members.keys() - outside) if member is shape else None
                found[name] = inside or node(member, self.style)
            return found

        if payload and (payload[1] is shape or shape.serialization["payload"] in shape.required_members):
            required |= {payload[0]}
        return Node("object", self.style, shape.name, members, required=required)

    @property
    def output(self) -> Node:
        """What is below the root element in XML."""
        shape = self.model.output_shape
        style = "json" if self.style == "json" else "xml"
        if self.style == "query":
            wrapper = shape.serialization.get("resultWrapper", f"{self.model.name}Result") if shape else ""
            return Node("object", style, "", lambda: {wrapper: node(shape, style)} if shape else {})
        if not shape:
            return Node("object", style)
        if self.rest and (payload := shape.serialization.get("payload")):
            member = shape.members[payload]
            return node(member, style) if member.type_name == "structure" else POLICY if payload == "Policy" else ANY
        return members_node(shape, style, [n for n, m in shape.members.items() if "location" not in m.serialization])


class Api:
    """A service of `apis.json` beside its model."""

    def __init__(self, key: str, entry: dict, operations: set[str]) -> None:
        self.key, self.entry = key, entry
        self.model = model(key, frozenset(operations))

    def operation(self, name: str) -> Operation | None:
        if not self.model or name not in self.model.operation_names:
            return None
        return Operation(self.model.operation_model(name), self.entry["protocol"])

    def problems(self) -> Iterator[str]:
        """Where the table and the model disagree."""
        if not self.model:
            yield "botocore knows no such service"
            return
        known, protocol = self.model.metadata, self.entry["protocol"]
        spoken = known.get("protocols", [known["protocol"]])
        if not set(PROTOCOLS.get(protocol, ())) & set(spoken):
            yield f"speaks {spoken}, not {protocol}"
            return
        version = {"json": known.get("targetPrefix"), "query": known["apiVersion"]}.get(protocol.split("-")[0])
        if protocol != "rest-xml" and self.entry.get("version") != version:
            yield f"has version {version}, not {self.entry.get('version')}"
        if protocol.startswith("json-") and protocol != f"json-{known['jsonVersion']}":
            yield f"speaks JSON {known['jsonVersion']}"
        signing = known.get("signingName", known["endpointPrefix"])
        if self.entry.get("signing", self.key) != signing:
            yield f"is signed for {signing}"
        place = "" if self.entry.get("global") else ".eu-west-1"
        host = f"https://{self.entry.get('host', self.key)}{place}.amazonaws.com"
        if host != (wanted := endpoint(self.model.service_name)):
            yield f"is at {wanted}, not at {host}"
        for name, row in self.entry.get("operations", {}).items():
            if operation := self.operation(name):
                yield from (f"{name}: {what}" for what in self.placements(operation, row))
            else:
                yield f"{name}: is no operation of {self.model.service_name}"

    def placements(self, operation: Operation, row: dict) -> Iterator[str]:
        if not operation.rest:
            if row.keys() - {"permissions"}:
                yield "has no place, for its service is no REST service"
            return
        uri, query, header = (operation.located(where) for where in ("uri", "querystring", "header"))
        path = operation.model.http["requestUri"]
        for member, name in uri.items():
            path = re.sub(rf"{{{name}(\+?)}}", rf"{{{member}\1}}", path)
        wanted, given = Http.read(f"{operation.model.http['method']} {path}"), Http.read(row.get("http", ""))
        if (given.method, given.path, given.fixed) != (wanted.method, wanted.path, wanted.fixed):
            yield f"is {wanted.method} {path}, not {row.get('http')}"
        headers = {name: value.lower() for name, value in header.items()}
        for kind, have, should in (
            ("query", given.query, query),
            ("headers", {name: value.lower() for name, value in row.get("headers", {}).items()}, headers),
        ):
            yield from (f"{kind}: {name} is not {value}" for name, value in have.items() if should.get(name) != value)
        shape = operation.model.input_shape
        for name in sorted({*query, *header} & set(shape.required_members if shape else ())):
            if name not in given.query and name not in row.get("headers", {}):
                yield f"{name} is required, and has no place"
        body = operation.payload
        if row.get("body") != (body[0] if body else None):
            yield f"has the body {body[0] if body else None}, not {row.get('body')}"
        elif body and operation.style == "xml" and body[1].type_name == "structure":
            space = body[1].serialization.get("xmlNamespace", self.model.metadata.get("xmlNamespace"))
            space = space["uri"] if isinstance(space, dict) else space
            if space != self.entry.get("version"):
                yield f"has the namespace {space}, not {self.entry.get('version')}"

    def unplaced(self, operation: Operation, names: Iterable[str]) -> Iterator[str]:
        """Parameters that would not be sent, for the table has no place for them."""
        if not operation.rest:
            return
        row = self.entry.get("operations", {}).get(operation.model.name, {})
        given = Http.read(row.get("http", ""))
        placed = given.parameters | row.get("headers", {}).keys() | {row.get("body")}
        takes_body = given.method not in ("GET", "DELETE") and operation.style == "json" and not row.get("body")
        for name in names:
            if name not in placed and (name in operation.outside or not takes_body):
                yield f"{name} has no place in apis.json"
            elif name in given.query and operation.model.input_shape.members[name].type_name == "list":
                yield f"{name} is a list, which the query cannot have"


@cache
def metadata() -> dict[str, dict]:
    names = LOADER.list_available_services("service-2")
    return {name: LOADER.load_service_model(name, "service-2")["metadata"] for name in names}


@cache
def model(key: str, operations: frozenset[str]) -> ServiceModel | None:
    """The model that has these operations, of those that go by this name: `es` is what two services are called."""
    every = metadata().items()
    named = [name for name, data in every if key in (name, data["endpointPrefix"], data.get("signingName"))]
    named.sort(key=lambda name: (name == key, metadata()[name]["apiVersion"]), reverse=True)
    models = [ServiceModel(LOADER.load_service_model(name, "service-2"), name) for name in named]
    return max(models, key=lambda one: len(operations & set(one.operation_names)), default=None)


@cache
def endpoint(name: str) -> str:
    rules = LOADER.load_service_model(name, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, LOADER.load_data("partitions"))
    # The host of S3 Control begins with the account that it asks for; the program adds that itself.
    account = {"AccountId": "111122223333", "RequiresAccountId": True} if name == "s3control" else {}
    found = provider.resolve_endpoint(Region="eu-west-1", UseFIPS=False, UseDualStack=False, **account)
    return found.url.replace("111122223333.", "")
