"""Calls of AWS as documents, as the Rust crate `aws` has them, through boto3's clients.

The catalog writes names as they travel. In JSON those are boto3's own; in forms and XML boto3's models tell what they
are called.
"""

import json
import os
from copy import copy
from datetime import datetime

from botocore import xform_name

from landing_zone import ROOT
from suite import client

APIS = json.loads((ROOT / "shared/aws/data/apis.json").read_text())
CLIENTS = {"elasticmapreduce": "emr", "es": "opensearch", "states": "stepfunctions"}


class Member:
    """A session in a member account. Its clients share what boto3 has read of their models."""

    def __init__(self, sts, account, role, session, region, policy=None):
        more = {"Policy": policy} if policy else {}
        keys = sts.assume_role(
            RoleArn=f"arn:{os.environ.get('PARTITION') or 'aws'}:iam::{account}:role/{role}",
            RoleSessionName=session,
            DurationSeconds=900,
            **more,
        )["Credentials"]
        self.region = region
        self.keys = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        self.clients = {}

    def in_region(self, region):
        """The same session in another Region."""
        if region == self.region:
            return self
        other = copy(self)
        other.region, other.clients = region, {}
        return other

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = client(service, region=self.region, **self.keys)
        return self.clients[service]

    def send(self, name, parameters):
        """Sends a call such as `dynamodb:DescribeTable`."""
        service, _, action = name.partition(":")
        of = self.client(CLIENTS.get(service, service))
        operation = of.meta.service_model.operation_model(action)
        is_xml = APIS[service]["protocol"] in ("query", "rest-xml")
        if is_xml and operation.input_shape:
            parameters = inward(operation.input_shape, parameters)
        answer = getattr(of, xform_name(action))(**parameters)
        answer.pop("ResponseMetadata", None)
        if is_xml:
            return xml_document(service, operation, answer)
        return json.loads(json.dumps(answer, default=datetime.timestamp))


def permissions(name):
    """The IAM actions that a call takes."""
    service, _, action = name.partition(":")
    known = APIS.get(service)
    if known is None:
        return []
    named = known.get("operations", {}).get(action, {}).get("permissions")
    return named or [f"{known.get('permissions', service)}:{action}"]


def each(value):
    """One or several: a list in XML with one entry reads as that entry, and one without any as an empty text."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


# --- Names on the wire -----------------------------------------------------------------------------------------------


def wire_name(name, member):
    named = member.serialization.get("name", name)
    return f"@{named}" if member.serialization.get("xmlAttribute") else named


def inward(shape, value):
    """A value as it travels, as boto3 takes it."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {}
        for name, member in shape.members.items():
            wired = wire_name(name, member)
            # EC2's forms begin every name with a capital.
            for wire in (member.serialization.get("queryName"), wired, wired[0].upper() + wired[1:], name):
                if wire in value:
                    members[name] = inward(member, value[wire])
                    break
        return members
    if shape.type_name == "list":
        entry = shape.member.serialization.get("name", "member")
        if isinstance(value, dict) and entry in value:
            value = value[entry]
        return [inward(shape.member, one) for one in each(value)]
    if shape.type_name == "boolean" and isinstance(value, str):
        return value == "true"
    if shape.type_name in ("integer", "long") and isinstance(value, str):
        return int(value)
    return value


def outward(shape, value):
    """A value of boto3, as it travels in XML: texts, and lists that are their entry where that is one."""
    if shape.type_name == "structure":
        members = {}
        for name, member in shape.members.items():
            if name in value and "location" not in member.serialization:
                members[wire_name(name, member)] = outward(member, value[name])
        return members
    if shape.type_name == "list":
        entries = [outward(shape.member, one) for one in value]
        entries = entries[0] if len(entries) == 1 else entries or ""
        if shape.serialization.get("flattened") or entries == "":
            return entries
        return {shape.member.serialization.get("name", "member"): entries}
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def xml_document(service, operation, answer):
    shape = operation.output_shape
    if shape is None:
        return {}
    payload = shape.serialization.get("payload")
    if payload and payload in answer:
        inner = shape.members[payload]
        # S3 answers a bucket's policy as the JSON it is.
        return outward(inner, answer[payload]) if inner.type_name == "structure" else json.loads(answer[payload])
    document = outward(shape, answer)
    is_wrapped = APIS[service]["protocol"] == "query" and service != "ec2"
    return {f"{operation.name}Result": document} if is_wrapped else document
