"""Waits until a new account lets the suite in, and gives it the suite's roles as a stack of its own."""

import base64
import hashlib
import os

from botocore.exceptions import ClientError

from landing_zone import ROOT
from ledger import Ledger
from suite import back_off, class_of, client, fault, governed_regions, member_session, serves

STACK = "ai-landing-zone-member-roles"
DIGEST_TAG = "ai-landing-zone-digest"
TEMPLATE = (ROOT / "sam/member-roles.yaml").read_text()
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 30

ledger = Ledger()
sts = client("sts")
access_role = os.environ["MEMBER_ACCESS_ROLE"]
principal = os.environ["SUITE_PRINCIPAL_ARN"]
parameters = {
    "RolePrefix": os.environ["MEMBER_ROLE_PREFIX"],
    "OrganizationId": os.environ["ORGANIZATION_ID"],
    "VerificationPrincipalArn": principal,
    "TaggingPrincipalArn": os.environ["TAGGING_PRINCIPAL_ARN"],
    "TagAuditPrincipalArn": os.environ["TAG_AUDIT_PRINCIPAL_ARN"],
    "IntakeBusArn": os.environ["INTAKE_BUS_ARN"],
    "HomeRegion": os.environ["AWS_REGION"],
    "SuiteRolesArn": os.environ["SUITE_ROLES_ARN"],
    "SecurityHubAccount": os.environ.get("SECURITY_HUB_ACCOUNT", ""),
}
regions = governed_regions()
made_from = TEMPLATE + "".join(f"\n{key}={value}" for key, value in parameters.items())
digest = base64.urlsafe_b64encode(hashlib.sha256(made_from.encode()).digest()).decode().rstrip("=")


@serves
def handler(event):
    step, check = event["action"], event["check"]
    record = ledger.begin(event["requestId"], step)
    account_id = ledger.account(record)
    done = probe(account_id) if step == "probe" else member_roles(account_id, check == 0)
    if done:
        ledger.finish(event["requestId"], step)
        return {"done": True}
    return back_off(check, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def enter(account_id):
    return member_session(sts, account_id, principal.split(":")[1], access_role, "ai-landing-zone-baseline")


def probe(account_id):
    """True once the role can be assumed and a call in the account is answered."""
    try:
        return client("sts", enter(account_id)).get_caller_identity()["Account"] == account_id
    except ClientError as error:
        if class_of(error) in ("Denied", "NotReady"):
            return False
        raise


def member_roles(account_id, first_look):
    """True once the stack is as it should be in every Region; the suite's own comes first."""
    session, done = enter(account_id), True
    for region in regions:
        done &= stack_in(client("cloudformation", session, region=region), first_look, done)
    return done


def stack_in(cloudformation, first_look, may_create):
    """Brings the stack of a Region one step further; True once it is as it should be."""
    stack = find(cloudformation)
    status = stack["StackStatus"] if stack else None
    current = stack and {"Key": DIGEST_TAG, "Value": digest} in stack.get("Tags", [])
    if status in (None, "DELETE_COMPLETE"):
        if may_create:
            create(cloudformation)
    elif status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        if current:
            return True
        cloudformation.update_stack(**stack_arguments())
    elif first_look and status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        cloudformation.delete_stack(StackName=STACK)
    elif first_look and status == "UPDATE_ROLLBACK_COMPLETE":
        cloudformation.update_stack(**stack_arguments())
    elif not status.endswith("_IN_PROGRESS"):
        reason = stack.get("StackStatusReason", "no reason given")
        raise fault("Invalid.MemberRolesFailed", f"the stack of the suite's roles ended in {status}: {reason}")
    return False


def find(cloudformation):
    try:
        return cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def create(cloudformation):
    try:
        cloudformation.create_stack(**stack_arguments())
    except cloudformation.exceptions.AlreadyExistsException:
        pass


def stack_arguments():
    return {
        "StackName": STACK,
        "TemplateBody": TEMPLATE,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "managed-by", "Value": "ai-landing-zone"}, {"Key": DIGEST_TAG, "Value": digest}],
    }
