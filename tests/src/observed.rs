//! What AWS says of an account, whatever the suite believes.

use crate::Stack;
use aws_config::SdkConfig;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_account::types::AlternateContactType;
use std::collections::BTreeMap;

/// An account as AWS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Name in the organization.
    pub name: String,
    /// Root e-mail.
    pub email: String,
    /// Names of the units above it, joined by `/`.
    pub unit: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// E-mail of each alternate contact that is set, by kind.
    pub contacts: BTreeMap<String, String>,
}

impl Observed {
    /// Asks AWS about `account`.
    pub async fn of(stack: &Stack, account: &str) -> Self {
        let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
        let described = organizations.describe_account().account_id(account).send().await.expect("DescribeAccount");
        let described = described.account.expect("an account");
        let tags =
            organizations.list_tags_for_resource().resource_id(account).send().await.expect("ListTagsForResource");
        Self {
            name: described.name.unwrap_or_default(),
            email: described.email.unwrap_or_default(),
            unit: unit(&organizations, account).await,
            tags: tags.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
            contacts: contacts(stack, account).await,
        }
    }
}

/// The path of the unit that Organizations shows the account in; empty for the root.
async fn unit(organizations: &aws_sdk_organizations::Client, account: &str) -> String {
    let (mut names, mut child) = (Vec::new(), account.to_owned());
    loop {
        let parents = organizations.list_parents().child_id(&child).send().await.expect("ListParents");
        child = parents.parents().first().and_then(|parent| parent.id()).unwrap_or_default().to_owned();
        if !child.starts_with("ou-") {
            names.reverse();
            return names.join("/");
        }
        let unit = organizations.describe_organizational_unit().organizational_unit_id(&child).send().await;
        names.push(
            unit.expect("DescribeOrganizationalUnit").organizational_unit.and_then(|unit| unit.name).expect("a name"),
        );
    }
}

async fn contacts(stack: &Stack, account: &str) -> BTreeMap<String, String> {
    let client = aws_sdk_account::Client::new(&stack.sdk_config());
    let mut contacts = BTreeMap::new();
    for kind in [AlternateContactType::Billing, AlternateContactType::Operations, AlternateContactType::Security] {
        let set = client.get_alternate_contact().account_id(account).alternate_contact_type(kind.clone()).send().await;
        if let Some(contact) = set.ok().and_then(|answer| answer.alternate_contact) {
            contacts.insert(kind.as_str().to_owned(), contact.email_address.unwrap_or_default());
        }
    }
    contacts
}

/// Configures SDK clients inside a member account, through the role that Organizations makes there.
pub async fn inside(stack: &Stack, account: &str) -> SdkConfig {
    let arn = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
    let config = stack.sdk_config();
    let assumed = aws_sdk_sts::Client::new(&config).assume_role().role_arn(arn).role_session_name("tests").send().await;
    let key = assumed.expect("AssumeRole").credentials.expect("a key");
    let key = Credentials::new(key.access_key_id, key.secret_access_key, Some(key.session_token), None, "AssumeRole");
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(key)).build()
}
