"""Reads back everything a new account should have, before it leaves Quarantine."""

import os

from botocore.exceptions import ClientError

from landing_zone import QUARANTINE, account_tags, contacts
from ledger import Ledger
from suite import class_of, client, fault, governed_regions, listed, member_session, serves

STACK = "ai-landing-zone-member-roles"

ledger = Ledger()
organizations = client("organizations")
account = client("account")
sts = client("sts")
alternate_contacts = contacts(os.environ["ALTERNATE_CONTACTS"])
role_name = f"{os.environ['MEMBER_ROLE_PREFIX']}-verification"


@serves
def handler(event):
    record = ledger.begin(event["requestId"], "verify")
    organization = ledger.get("organization") or {}
    account_id = ledger.account(record)
    try:
        observed = observe(account_id)
    except ClientError as error:
        if class_of(error) == "Denied":
            raise fault("NotReady", f"the account does not let us in yet: {error}") from error
        raise
    expected = expect(record, organization, account_id)
    wrong = [
        f"{what} is {observed.get(what)!r} instead of {value!r}"
        for what, value in expected.items()
        if observed.get(what) != value
    ]
    if wrong:
        raise fault("NotReady", f"the account is not as it should be: {'; '.join(wrong)}")
    ledger.finish(event["requestId"], "verify", attestation=list(expected))
    return {"attested": len(expected)}


def expect(record, organization, account_id):
    return {
        "state": "ACTIVE",
        "name": record["request"]["name"],
        "root e-mail": record["rootEmail"].lower(),
        "organizational unit": organization.get("units", {}).get(QUARANTINE, "(unknown)"),
        **{f"tag {key}": value for key, value in account_tags(record).items()},
        **{f"{kind.lower()} contact": tuple(contact.values()) for kind, contact in ordered_contacts().items()},
        **{f"stack of the suite's roles in {region}": "complete" for region in governed_regions()},
        "verification role's account": account_id,
    }


def ordered_contacts():
    fields = ("name", "title", "email", "phone")
    return {kind: {field: contact[field] for field in fields} for kind, contact in alternate_contacts.items()}


def observe(account_id):
    described = organizations.describe_account(AccountId=account_id)["Account"]
    partition = described["Arn"].split(":")[1]
    stacks, role_account = inside(account_id, partition)
    parents = organizations.list_parents(ChildId=account_id)["Parents"]
    tags = listed(organizations, "list_tags_for_resource", "Tags", ResourceId=account_id)
    return {
        "state": described["State"],
        "name": described["Name"],
        "root e-mail": described["Email"].lower(),
        "organizational unit": parents[0]["Id"] if parents else "(none)",
        **{f"tag {tag['Key']}": tag["Value"] for tag in tags},
        **{f"{kind.lower()} contact": read_contact(account_id, kind) for kind in alternate_contacts},
        **{f"stack of the suite's roles in {region}": status for region, status in stacks.items()},
        "verification role's account": role_account,
    }


def inside(account_id, partition):
    """The status of the stack in each Region, and the account that the verification role belongs to."""
    session = member_session(sts, account_id, partition, role_name, "ai-landing-zone-verify")
    stacks = {region: status(client("cloudformation", session, region=region)) for region in governed_regions()}
    role = client("iam", session).get_role(RoleName=role_name)["Role"]
    return stacks, role["Arn"].split(":")[4]


def status(cloudformation):
    status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    return "complete" if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else status


def read_contact(account_id, kind):
    try:
        contact = account.get_alternate_contact(AccountId=account_id, AlternateContactType=kind)["AlternateContact"]
    except account.exceptions.ResourceNotFoundException:
        return None
    return contact["Name"], contact["Title"], contact["EmailAddress"], contact["PhoneNumber"]
