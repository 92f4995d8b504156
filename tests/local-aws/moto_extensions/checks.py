"""The input that Organizations refuses (API model and reference)."""

import re

from moto.organizations.exceptions import OrganizationsClientError

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NAME = re.compile(r"[ -~]{1,50}")
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")


def invalid(reason: str, message: str) -> OrganizationsClientError:
    error = OrganizationsClientError("InvalidInputException", message)
    error.Reason = reason
    return error


def violation(reason: str, message: str) -> OrganizationsClientError:
    error = OrganizationsClientError("ConstraintViolationException", message)
    error.Reason = reason
    return error


def email(value) -> None:
    """6 to 64 characters around one @ and a dot."""
    if not isinstance(value, str) or not 6 <= len(value) <= 64 or not _EMAIL.fullmatch(value):
        raise invalid("INVALID_EMAIL_ADDRESS_TARGET", "You provided an e-mail address that is not valid.")


def account_name(value) -> None:
    """1 to 50 printable ASCII characters."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise invalid("INVALID_PATTERN", "You provided a value that does not match the required pattern.")


def unit_name(value) -> None:
    """1 to 128 characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= 128:
        raise invalid("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed.")


def tags(listed: list[dict]) -> None:
    """At most 50, no key twice, none of AWS's own; CreateAccount makes no account if one is wrong."""
    keys = [tag.get("Key") or "" for tag in listed]
    if len(keys) > 50:
        raise violation("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")
    if len(set(keys)) < len(keys):
        raise invalid("DUPLICATE_TAG_KEY", "Tag keys must be unique among the tags attached to the same entity.")
    for tag in listed:
        key, value = tag.get("Key") or "", tag.get("Value")
        if key.lower().startswith("aws:"):
            raise invalid("INVALID_SYSTEM_TAGS_PARAMETER", "You specified a tag key that is a system tag.")
        if not (1 <= len(key) <= 128 and isinstance(value, str) and len(value) <= 256
                and _TAG_TEXT.fullmatch(key) and _TAG_TEXT.fullmatch(value)):
            raise invalid("INVALID_PATTERN", "You provided a tag that does not match the required pattern.")
