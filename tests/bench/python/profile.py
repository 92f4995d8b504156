"""Gives an account its tags and alternate contacts. Both are written whole each time: written twice is written once."""

import os

from landing_zone import contacts, tag_list
from ledger import Ledger
from suite import client, serves

ledger = Ledger()
organizations = client("organizations")
account = client("account")
alternate_contacts = contacts(os.environ["ALTERNATE_CONTACTS"])


@serves
def handler(event):
    record = ledger.begin(event["requestId"], "profile")
    account_id = ledger.account(record)
    tags = tag_list(record)
    organizations.tag_resource(ResourceId=account_id, Tags=tags)
    for kind, contact in alternate_contacts.items():
        account.put_alternate_contact(
            AccountId=account_id,
            AlternateContactType=kind,
            Name=contact["name"],
            Title=contact["title"],
            EmailAddress=contact["email"],
            PhoneNumber=contact["phone"],
        )
    ledger.finish(event["requestId"], "profile")
    return {"tags": len(tags), "contacts": len(alternate_contacts)}
