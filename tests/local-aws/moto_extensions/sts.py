"""AssumeRole as AWS answers it: the role has to exist, be ready, and trust the caller.

moto hands out credentials for any role in any account.
"""

import fnmatch
import json
from xml.sax.saxutils import escape

from moto.core.exceptions import AccessDeniedError
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from . import creation, organizations

# The gateway adds it to a call that MiniStack has authorized: the ARN of the principal in the management account.
_PRINCIPAL = "x-local-principal"


class Denied(AccessDeniedError):
    """AccessDenied in the shape of STS, which moto wraps once more."""

    def __init__(self, caller: str, role_arn: str) -> None:
        super().__init__(caller, f"sts:AssumeRole on resource: {role_arn}")
        self.description = (
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
            f"<Message>{escape(self.message)}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
        )


def names_caller(principal: str, caller: str) -> bool:
    """Whether a principal in a trust policy is the caller: itself, its role, or its whole account."""
    account = caller.split(":")[4]
    if principal in ("*", account, f"arn:aws:iam::{account}:root", caller):
        return True
    if ":assumed-role/" not in caller:
        return False
    role = caller.split("/")[1]
    return principal.startswith(f"arn:aws:iam::{account}:role/") and principal.rsplit("/", 1)[-1] == role


def conditions_hold(conditions: dict, context: dict[str, str]) -> bool:
    """The operators and keys that trust policies use; any other does not hold, so that nothing passes unchecked."""
    def like(wanted: str, actual: str) -> bool:
        return fnmatch.fnmatchcase(actual, wanted)

    matchers = {"StringEquals": str.__eq__, "StringLike": like, "ArnEquals": like, "ArnLike": like}
    for operator, keys in conditions.items():
        matches = matchers.get(operator)
        for key, wanted in keys.items():
            value = context.get(key.lower())
            wanted = [wanted] if isinstance(wanted, str) else wanted
            if matches is None or value is None or not any(matches(item, value) for item in wanted):
                return False
    return True


def trusts(policy: dict, caller: str, context: dict[str, str]) -> bool:
    """Whether a trust policy lets the caller assume the role."""
    statements = policy.get("Statement") or []
    allowed = False
    for statement in [statements] if isinstance(statements, dict) else statements:
        actions = statement.get("Action") or []
        actions = [actions] if isinstance(actions, str) else actions
        principal = statement.get("Principal") or {}
        named = ["*"] if principal == "*" else principal.get("AWS") or []
        named = [named] if isinstance(named, str) else named
        if (any(fnmatch.fnmatchcase("sts:AssumeRole", action) for action in actions)
                and any(names_caller(item, caller) for item in named)
                and conditions_hold(statement.get("Condition") or {}, context)):
            if statement.get("Effect") == "Deny":
                return False
            allowed = True
    return allowed


def _role_arn_of(caller: str) -> str:
    """aws:PrincipalArn names the role behind a session."""
    if ":assumed-role/" not in caller:
        return caller
    return f"arn:aws:iam::{caller.split(':')[4]}:role/{caller.split('/')[1]}"


def _caller(response: TokenResponse) -> str:
    authorized = response.headers.get(_PRINCIPAL)
    if authorized:
        return authorized
    account = response.current_account
    session = sts_backends[account][response.partition].get_assumed_role_from_access_key(response.get_access_key())
    return session.arn if session else f"arn:aws:iam::{account}:root"


def install() -> None:
    assume = TokenResponse.assume_role

    def assume_role(self):
        role_arn = self._get_param("RoleArn")
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        caller = _caller(self)
        creation.settle(organizations.backend())
        members = {item.id for item in organizations.backend().accounts}
        role = next((item for item in iam_backends[account]["aws"].roles.values()
                     if account in members and item.name == name and item.arn == role_arn), None)
        context = {
            "aws:principalarn": _role_arn_of(caller),
            "aws:principalaccount": caller.split(":")[4],
            "sts:rolesessionname": self._get_param("RoleSessionName") or "",
        }
        if caller.split(":")[4] in members:
            context["aws:principalorgid"] = organizations.backend().org.id
        if self._get_param("ExternalId"):
            context["sts:externalid"] = self._get_param("ExternalId")
        if role is None or not creation.role_is_ready(account) or not trusts(
                json.loads(role.assume_role_policy_document), caller, context):
            raise Denied(caller, role_arn)
        return assume(self)

    TokenResponse.assume_role = assume_role
