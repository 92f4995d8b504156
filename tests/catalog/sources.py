"""What mends a control in the code that a resource comes from (`sources.json`), against the schemas of CloudFormation
that cfn-lint ships. An owner copies it: a property that does not exist would fail their deployment."""

import json
from collections.abc import Iterator

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError
from rows import PART

REGION = "us-east-1"
MEMBERS = {"cloudformation": ("type", "properties"), "terraform": ("resource", "arguments")}
KINDS = {dict: {"object"}, list: {"array"}, str: {"string"}, bool: {"boolean"}, int: {"integer", "number"}}
KINDS |= {float: {"number"}}


def faults(rows: list[dict], sources: dict) -> list[str]:
    """What is wrong with the entries."""
    return [*_unnoticed(), *_problems(rows, sources)]


def _problems(rows: list[dict], sources: dict) -> Iterator[str]:
    mended = {row["control"]: row for row in rows if row["mode"] != "ticket"}
    for control in sorted(mended.keys() ^ sources.keys()):
        yield f"sources.json {control}: {'has no entry' if control in mended else 'is no control that is mended'}"
    for control in sorted(mended.keys() & sources.keys()):
        settings = {*mended[control].get("settings", [])}
        yield from (f"sources.json {control}: {what}" for what in _of_entry(sources[control], settings))


def _of_entry(entry: dict, settings: set[str]) -> Iterator[str]:
    if not isinstance(entry, dict) or entry.keys() != MEMBERS.keys():
        yield f"does not have the members {' and '.join(MEMBERS)}"
        return
    for text in _texts(entry):
        yield from (f"{text}: {{{part}}} is no setting of it" for part in PART.findall(text) if part not in settings)
    snippets = {tool: snippet for tool, snippet in entry.items() if snippet is not None}
    if odd := [tool for tool, snippet in snippets.items() if not _is_snippet(snippet, *MEMBERS[tool])]:
        yield f"{' and '.join(odd)}: neither null nor {' with '.join(MEMBERS[odd[0]])}"
        return
    if snippet := snippets.get("cloudformation"):
        yield from _of_template(snippet["type"], snippet["properties"])
    if (snippet := snippets.get("terraform")) and not snippet["resource"].startswith("aws_"):
        yield f"{snippet['resource']}: is no resource of the provider aws"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _is_snippet(snippet: object, name: str, values: str) -> bool:
    is_named = isinstance(snippet, dict) and snippet.keys() == {name, values} and isinstance(snippet[name], str)
    return is_named and isinstance(snippet[values], dict) and bool(snippet[values])


def _of_template(kind: str, properties: dict) -> Iterator[str]:
    """What a schema says of properties. What it requires beside them stands in the owner's template already."""
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    except ResourceNotFoundError:
        yield f"{kind}: there is no such type"
        return
    for path in schema.get("readOnlyProperties", []):
        if (name := path.removeprefix("/properties/")) in properties:
            yield f"{kind}/{name}: can only be read"
    top = {"type": "object", "properties": schema["properties"]}
    yield from _misfits(properties, top, schema.get("definitions", {}), kind)


def _misfits(value: object, node: dict, definitions: dict, place: str) -> Iterator[str]:
    """What keeps a value from being what a part of a schema describes."""
    while reference := node.get("$ref"):
        node = definitions[reference.removeprefix("#/definitions/")]
    kinds = _kinds(node)
    # The owner puts a value in, of whatever kind it is.
    if _is_placeholder(value) and kinds - {"object", "array"}:
        return
    if not KINDS.get(type(value), set()) & kinds:
        yield f"{place}: {json.dumps(value)} where {' or '.join(sorted(kinds)) or 'nothing known'} is wanted"
    elif "enum" in node and value not in node["enum"]:
        yield f"{place}: {value} is none of {', '.join(map(str, node['enum']))}"
    elif isinstance(value, list):
        for inner in value:
            yield from _misfits(inner, node.get("items", {}), definitions, place)
    elif isinstance(value, dict) and not _is_free(node):
        for name, inner in value.items():
            if (member := _member(node, name)) is None:
                yield f"{place}: there is no {name}"
            else:
                yield from _misfits(inner, member, definitions, f"{place}/{name}")


def _kinds(node: dict) -> set[str]:
    """The types that a part of a schema takes; it may leave out what its other words imply."""
    kinds = node.get("type", "object" if "properties" in node else "array" if "items" in node else [])
    return {kinds} if isinstance(kinds, str) else {*kinds}


def _is_placeholder(value: object) -> bool:
    return isinstance(value, str) and value.startswith("<") and value.endswith(">")


def _is_free(node: dict) -> bool:
    """Takes any members, as a policy does."""
    return not node.keys() & {"properties", "patternProperties"} and node.get("additionalProperties") is not False


def _member(node: dict, name: str) -> dict | None:
    # In these schemas all names of a map are of one pattern.
    several = next(iter(node.get("patternProperties", {}).values()), None)
    return node.get("properties", {}).get(name, several)


# Entries that are right, and what makes them wrong: it has to be noticed.
SAMPLE_ROWS = [
    {"control": "EC2.19", "mode": "guarded"},
    {"control": "KMS.3", "mode": "guarded"},
    {"control": "Opensearch.5", "mode": "guarded"},
    {"control": "S3.5", "mode": "automatic"},
    {"control": "S3.9", "mode": "guarded", "settings": ["logBucket"]},
    {"control": "SageMaker.16", "mode": "ticket"},
]
SAMPLE = {
    "EC2.19": {
        "cloudformation": {
            "type": "AWS::EC2::SecurityGroup",
            "properties": {"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": "<port>"}]},
        },
        "terraform": {"resource": "aws_security_group", "arguments": {"ingress": [{"from_port": 22}]}},
    },
    "KMS.3": {"cloudformation": None, "terraform": None},
    "Opensearch.5": {
        "cloudformation": {
            "type": "AWS::OpenSearchService::Domain",
            "properties": {"LogPublishingOptions": {"AUDIT_LOGS": {"Enabled": True}}},
        },
        "terraform": None,
    },
    "S3.5": {
        "cloudformation": {
            "type": "AWS::S3::BucketPolicy",
            "properties": {"PolicyDocument": {"Statement": [{"Effect": "Deny"}]}},
        },
        "terraform": None,
    },
    "S3.9": {
        "cloudformation": {
            "type": "AWS::S3::Bucket",
            "properties": {
                "LoggingConfiguration": {"DestinationBucketName": "{logBucket}-<region>"},
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "terraform": {"resource": "aws_s3_bucket_logging", "arguments": {"target_bucket": "{logBucket}"}},
    },
}
# What is replaced in the JSON of the entries, once, by what, and a piece of what is to be told.
BREAKS = [
    ('"KMS.3"', '"KMS.99"', "KMS.3: has no entry"),
    ('"KMS.3"', '"KMS.99"', "KMS.99: is no control that is mended"),
    ('"KMS.3"', '"SageMaker.16"', "SageMaker.16: is no control that is mended"),
    ('{"cloudformation": null, "terraform": null}', '{"cloudformation": null}', "does not have the members"),
    ('{"cloudformation": null, "terraform": null}', "null", "does not have the members"),
    ('"terraform": null', '"terraform": null, "cdk": null', "does not have the members"),
    ('"terraform": null', '"terraform": {}', "terraform: neither null nor"),
    ('{"from_port": 22}', '{"from_port": "{port}"}', "{port} is no setting"),
    ("{logBucket}", "{logsBucket}", "{logsBucket} is no setting"),
    ('"arguments": {"target_bucket": "{logBucket}"}', '"arguments": {}', "terraform: neither null nor"),
    ('"type": "AWS::S3::Bucket"', '"kind": "AWS::S3::Bucket"', "cloudformation: neither null nor"),
    ('"AWS::S3::Bucket"', '"AWS::S3::Buckets"', "AWS::S3::Buckets: there is no such type"),
    ('"LoggingConfiguration"', '"LogConfiguration"', "there is no LogConfiguration"),
    ('"DestinationBucketName"', '"DestinationBucket"', "there is no DestinationBucket"),
    ('"VersioningConfiguration": {"Status": "Enabled"}', '"Arn": "<ARN>"', "Arn: can only be read"),
    ('"VersioningConfiguration": {"Status": "Enabled"}', '"OwnershipControls": "<rules>"', "where object is wanted"),
    ('"Status": "Enabled"', '"Status": "enabled"', "enabled is none of Enabled"),
    ('"Enabled": true', '"Enabled": "true"', '"true" where boolean is wanted'),
    ('"Enabled": true', '"Enable": true', "there is no Enable"),
    ('"FromPort": 22', '"FromPort": true', "true where integer is wanted"),
    ('"FromPort": 22', '"FromPort": null', "null where integer is wanted"),
    ('"FromPort": 22', '"FromPort": "22"', '"22" where integer is wanted'),
    ('"FromPort"', '"Port"', "there is no Port"),
    ('[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": "<port>"}]', '{"IpProtocol": "tcp"}', "where array is wanted"),
    ('{"Statement": [{"Effect": "Deny"}]}', "7", "7 where object or string is wanted"),
    ('"aws_s3_bucket_logging"', '"s3_bucket_logging"', "s3_bucket_logging: is no resource of the provider"),
]


def _unnoticed() -> Iterator[str]:
    """What is said of the sample as it is, and which breaks are not told."""
    text = json.dumps(SAMPLE)

    def problems(of: str) -> list[str]:
        return list(_problems(SAMPLE_ROWS, json.loads(of)))

    yield from (f"self-test: {problem}" for problem in problems(text))
    for before, after, told in BREAKS:
        if before not in text or not any(told in problem for problem in problems(text.replace(before, after, 1))):
            yield f"self-test: {before} => {after:.80} is not noticed"
