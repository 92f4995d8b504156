"""The domain, as the Rust crate of the same name has it; both read the same data file."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CATALOG = json.loads((ROOT / "shared/landing-zone/data/organization.json").read_text())
ACCOUNT_TYPES = {rule["id"]: rule for rule in CATALOG["accountTypes"]}
ENVIRONMENTS = {rule["id"]: rule["unit"] for rule in CATALOG["environments"]}
CLASSIFICATIONS = ["public", "internal", "confidential", "restricted"]
QUARANTINE = CATALOG["quarantine"]
FIELDS = [
    "name",
    "accountType",
    "environment",
    "ownerEmail",
    "costCenter",
    "dataClassification",
    "purpose",
    "tags",
]
RESERVED_KEYS = [
    "account-type",
    "cost-center",
    "data-classification",
    "environment",
    "managed-by",
    "owner",
    "vending-request",
]
MAX_TAGS = 50

NAME = re.compile(r"[ -~]{1,50}")
EMAIL = re.compile(r"(?=[!-~]{6,64}$)[^@]+@[^@]+\.[^@.]+")
TAG_TEXT = re.compile(r"[\w .:/=+\-@]*")
REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACCOUNT_ID = re.compile(r"[0-9]{12}")


def unit_of(request):
    """The organizational unit an account belongs in."""
    return ACCOUNT_TYPES[request["accountType"]].get("unit") or ENVIRONMENTS[request["environment"]]


def account_tags(record):
    """Every tag of an account: the requester's and the suite's own."""
    request = record["request"]
    return {
        **request.get("tags", {}),
        "account-type": request["accountType"],
        "cost-center": request["costCenter"],
        "data-classification": request["dataClassification"],
        "environment": request.get("environment", "core"),
        "managed-by": "ai-landing-zone",
        "owner": request["ownerEmail"],
        "vending-request": record["requestId"],
    }


def tag_list(record):
    return [{"Key": key, "Value": value} for key, value in sorted(account_tags(record).items())]


def contacts(text):
    """The alternate contacts by the word AWS has for their kind."""
    return {kind.upper(): contact for kind, contact in sorted(json.loads(text).items())}


def root_email(pattern, request):
    slug = re.sub(r"[^a-z0-9]+", "-", request["name"].lower()).strip("-")
    return (
        pattern.replace("{name}", slug)
        .replace("{environment}", request.get("environment", "core"))
        .replace("{accountType}", request["accountType"])
    )


def check_request(body):
    """Every wrong field of a request with what it must be."""
    rules = {
        "name": (lambda text: NAME.fullmatch(text) and text == text.strip(), "1 to 50 printable characters"),
        "accountType": (ACCOUNT_TYPES.__contains__, f"one of {', '.join(ACCOUNT_TYPES)}"),
        "environment": (ENVIRONMENTS.__contains__, f"one of {', '.join(ENVIRONMENTS)}"),
        "ownerEmail": (EMAIL.fullmatch, "an e-mail address of 6 to 64 characters"),
        "costCenter": (
            lambda text: text.strip() and len(text) <= 64 and TAG_TEXT.fullmatch(text),
            "1 to 64 characters that a tag may have",
        ),
        "dataClassification": (CLASSIFICATIONS.__contains__, f"one of {', '.join(CLASSIFICATIONS)}"),
        "purpose": (lambda text: text.strip() and len(text) <= 256 and text.isprintable(), "1 to 256 characters"),
    }
    errors = []
    for field, (holds, rule) in rules.items():
        value = body.get(field)
        if value is None:
            if field != "environment":
                errors.append({"field": field, "detail": "is required"})
        elif not isinstance(value, str):
            errors.append({"field": field, "detail": "must be a string"})
        elif not holds(value):
            errors.append({"field": field, "detail": f"must be {rule}"})
    is_core = "unit" in ACCOUNT_TYPES.get(body.get("accountType"), {})
    if is_core and body.get("environment") is not None:
        errors.append({"field": "environment", "detail": "must be left out of a core account"})
    if not is_core and body.get("environment") is None:
        errors.append({"field": "environment", "detail": "is required: dev, test or prod"})
    errors += check_tags(body.get("tags") or {})
    errors += [{"field": key, "detail": "is not a field"} for key in body if key not in FIELDS]
    return errors


def check_tags(tags):
    if not isinstance(tags, dict):
        return [{"field": "tags", "detail": "must be an object of strings"}]
    errors = []
    if len(tags) > MAX_TAGS - len(RESERVED_KEYS):
        errors.append({"field": "tags", "detail": f"may hold {MAX_TAGS - len(RESERVED_KEYS)} tags"})
    for key, value in tags.items():
        if key.lower() in RESERVED_KEYS or key.lower().startswith("aws:"):
            errors.append({"field": f"tags.{key}", "detail": "cannot be set"})
        elif not (0 < len(key) <= 128 and TAG_TEXT.fullmatch(key)):
            errors.append({"field": f"tags.{key}", "detail": "is no tag key"})
        elif not (isinstance(value, str) and len(value) <= 256 and TAG_TEXT.fullmatch(value)):
            errors.append({"field": f"tags.{key}", "detail": "is no tag value"})
    return errors
