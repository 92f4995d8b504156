//! What an account should be like, compared with what it is like: a pure function.

use landing_zone::{AlternateContacts, Contact, quarantine};
use ledger::{Organization, Record};
use std::collections::BTreeMap;

/// What an account should be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub name: String,
    pub email: String,
    pub parent: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub contacts: BTreeMap<&'static str, Contact>,
}

/// What AWS says it is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observed {
    pub state: String,
    pub name: String,
    pub email: String,
    pub parent: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Kind, name, title, e-mail and phone number of each contact that is set.
    pub contacts: BTreeMap<&'static str, [String; 4]>,
    /// Status of the stack of the suite's roles and rule, by Region.
    pub stacks: BTreeMap<String, Option<String>>,
    /// Whom the verification role, through which this was read, belongs to.
    pub role_account: Option<String>,
    pub account: String,
}

impl Expected {
    pub(crate) fn of(record: &Record, organization: Option<&Organization>, contacts: &AlternateContacts) -> Self {
        Self {
            name: record.request.name.to_string(),
            email: record.root_email.key(),
            parent: organization.and_then(|organization| organization.units.get(quarantine()).cloned()),
            tags: record.request.account_tags(&record.request_id),
            contacts: contacts.each().into_iter().map(|(kind, contact)| (kind, contact.clone())).collect(),
        }
    }
}

/// Returns one line for each thing found right, or one for each thing found wrong.
pub(crate) fn compare(expected: &Expected, observed: &Observed) -> Result<Vec<String>, Vec<String>> {
    let mut lines = Lines::default();
    lines.equal("state", "ACTIVE", &observed.state);
    lines.equal("name", &expected.name, &observed.name);
    lines.equal("root e-mail", &expected.email, &observed.email.to_ascii_lowercase());
    lines.equal(
        "organizational unit",
        expected.parent.as_deref().unwrap_or("(unknown)"),
        observed.parent.as_deref().unwrap_or("(none)"),
    );
    for (key, value) in &expected.tags {
        lines.equal(&format!("tag {key}"), value, observed.tags.get(key).map_or("(none)", |value| value));
    }
    for (kind, contact) in &expected.contacts {
        let set = observed.contacts.get(kind);
        let same = set.is_some_and(|[name, title, email, phone]| {
            *name == contact.name
                && *title == contact.title
                && email.eq_ignore_ascii_case(contact.email.as_str())
                && *phone == contact.phone
        });
        lines.holds(
            &format!("{} contact", kind.to_ascii_lowercase()),
            same,
            if set.is_some() { "differs" } else { "is missing" },
        );
    }
    for (region, status) in &observed.stacks {
        let status = status.as_deref().unwrap_or("missing");
        lines.holds(
            &format!("stack of the suite's roles in {region}"),
            matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE"),
            &format!("is {status}"),
        );
    }
    lines.equal("verification role's account", &observed.account, observed.role_account.as_deref().unwrap_or("(none)"));
    if lines.wrong.is_empty() { Ok(lines.right) } else { Err(lines.wrong) }
}

#[derive(Default)]
struct Lines {
    right: Vec<String>,
    wrong: Vec<String>,
}

impl Lines {
    fn equal(&mut self, what: &str, expected: &str, observed: &str) {
        self.holds(what, expected == observed, &format!("is {observed:?} instead of {expected:?}"));
    }

    fn holds(&mut self, what: &str, holds: bool, otherwise: &str) {
        if holds {
            self.right.push(what.to_owned());
        } else {
            self.wrong.push(format!("{what} {otherwise}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        Contact {
            name: "Ops".into(),
            title: "Team".into(),
            email: "ops@example.com".parse().unwrap(),
            phone: "+1 555 0100".into(),
        }
    }

    fn expected() -> Expected {
        Expected {
            name: "Claims".into(),
            email: "aws+claims@example.com".into(),
            parent: Some("ou-1".into()),
            tags: [("owner".to_owned(), "o@example.com".to_owned())].into(),
            contacts: [("SECURITY", contact())].into(),
        }
    }

    fn observed() -> Observed {
        let Contact { name, title, email, phone } = contact();
        Observed {
            state: "ACTIVE".into(),
            name: "Claims".into(),
            email: "AWS+claims@example.com".into(),
            parent: Some("ou-1".into()),
            tags: [("owner".to_owned(), "o@example.com".to_owned()), ("more".to_owned(), "1".to_owned())].into(),
            contacts: [("SECURITY", [name, title, email.to_string(), phone])].into(),
            stacks: ["us-east-1", "eu-west-1"].map(|region| (region.into(), Some("CREATE_COMPLETE".into()))).into(),
            role_account: Some("111111111111".into()),
            account: "111111111111".into(),
        }
    }

    #[test]
    fn an_account_as_it_should_be_is_attested_line_by_line() {
        assert_eq!(compare(&expected(), &observed()).unwrap().len(), 9);
    }

    #[test]
    fn each_difference_is_named() {
        type Change = fn(&mut Observed);
        let changes: [(&str, Change); 10] = [
            ("state", |seen| seen.state = "SUSPENDED".into()),
            ("name", |seen| seen.name = "Other".into()),
            ("root e-mail", |seen| seen.email = "other@example.com".into()),
            ("organizational unit", |seen| seen.parent = None),
            ("tag owner", |seen| seen.tags.clear()),
            ("security contact", |seen| seen.contacts.clear()),
            ("security contact", |seen| {
                seen.contacts.insert("SECURITY", ["Ops".into(), "Team".into(), "x@example.com".into(), "1".into()]);
            }),
            ("stack of the suite's roles in eu-west-1", |seen| {
                seen.stacks.insert("eu-west-1".into(), Some("ROLLBACK_COMPLETE".into()));
            }),
            ("stack of the suite's roles in us-east-1", |seen| {
                seen.stacks.insert("us-east-1".into(), None);
            }),
            ("verification role", |seen| seen.role_account = Some("222222222222".into())),
        ];
        for (what, change) in changes {
            let mut seen = observed();
            change(&mut seen);
            let wrong = compare(&expected(), &seen).unwrap_err();
            assert!(wrong.len() == 1 && wrong[0].starts_with(what), "{what}: {wrong:?}");
        }
    }
}
