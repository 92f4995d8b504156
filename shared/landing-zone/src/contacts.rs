//! The alternate contacts that every account gets.

use crate::Email;
use serde::Deserialize;

/// One contact (<https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html>).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who it is.
    pub name: String,
    /// What they are.
    pub title: String,
    /// Where AWS writes to.
    pub email: Email,
    /// Where AWS calls.
    pub phone: String,
}

/// The three contacts AWS knows, as the deployment configures them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlternateContacts {
    /// Told of invoices.
    pub billing: Contact,
    /// Told of maintenance and outages.
    pub operations: Contact,
    /// Told of security matters.
    pub security: Contact,
}

impl AlternateContacts {
    /// Reads the configuration document.
    pub fn parse(json: &str) -> Result<Self, String> {
        let contacts: Self = serde_json::from_str(json).map_err(|why| why.to_string())?;
        for (kind, contact) in contacts.each() {
            let fits = |text: &str, longest: usize| (1..=longest).contains(&text.chars().count());
            if !fits(&contact.name, 64) || !fits(&contact.title, 50) || !fits(&contact.phone, 25) {
                return Err(format!(
                    "the {kind} contact needs a name (1-64 characters), a title (1-50) and a phone number (1-25)"
                ));
            }
        }
        Ok(contacts)
    }

    /// The contacts with the word AWS has for their kind.
    #[must_use]
    pub fn each(&self) -> [(&'static str, &Contact); 3] {
        [("BILLING", &self.billing), ("OPERATIONS", &self.operations), ("SECURITY", &self.security)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_contacts_are_needed_and_complete() {
        let contact = r#"{"name":"Ops","title":"Team","email":"ops@example.com","phone":"+1 555 0100"}"#;
        let three = format!(r#"{{"billing":{contact},"operations":{contact},"security":{contact}}}"#);
        assert_eq!(AlternateContacts::parse(&three).unwrap().each()[2].0, "SECURITY");
        assert!(AlternateContacts::parse(&three.replacen("Ops", "", 1)).is_err());
        assert!(AlternateContacts::parse(&format!(r#"{{"billing":{contact}}}"#)).is_err());
    }
}
