//! Organizational units, account types and environments: one data file, read once.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, sync::LazyLock};

/// Where an organizational unit lies below the root: names joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnitPath(String);

impl UnitPath {
    /// The path as text, such as `AI/AI DEV`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The unit's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// The unit above, `None` right below the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(above, _)| Self(above.to_owned()))
    }
}

impl fmt::Display for UnitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Catalog {
    quarantine: UnitPath,
    units: Vec<UnitPath>,
    account_types: Vec<AccountTypeRule>,
    environments: Vec<EnvironmentRule>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum AccountTypeRule {
    Ai { id: String, title: String },
    Core { id: String, title: String, unit: UnitPath },
}

impl AccountTypeRule {
    fn id(&self) -> &str {
        match self {
            Self::Ai { id, .. } | Self::Core { id, .. } => id,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentRule {
    id: String,
    unit: UnitPath,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/organization.json")).expect("data/organization.json")
});

/// Every organizational unit the suite needs, parents before children.
#[must_use]
pub fn units() -> &'static [UnitPath] {
    &CATALOG.units
}

/// Where a new account lives until its baseline is verified.
#[must_use]
pub fn quarantine() -> &'static UnitPath {
    &CATALOG.quarantine
}

/// An account type of the catalog.
#[derive(Clone, Copy)]
pub struct AccountType(&'static AccountTypeRule);

impl AccountType {
    /// Finds the type; the reason lists what exists.
    pub fn parse(text: &str) -> Result<Self, String> {
        CATALOG
            .account_types
            .iter()
            .find(|rule| rule.id() == text)
            .map(Self)
            .ok_or_else(|| format!("must be one of {}", Self::all().map(Self::id).collect::<Vec<_>>().join(", ")))
    }

    /// All account types, in the order of the catalog.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOG.account_types.iter().map(Self)
    }

    /// The id, such as `embeddings-vectors`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.0.id()
    }

    /// The title, such as `Embeddings & Vectors`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self.0 {
            AccountTypeRule::Ai { title, .. } | AccountTypeRule::Core { title, .. } => title,
        }
    }

    /// Core accounts serve the whole organization and have no environment.
    #[must_use]
    pub fn is_core(self) -> bool {
        matches!(self.0, AccountTypeRule::Core { .. })
    }

    /// The unit an account of this type belongs in; AI accounts need their environment, core accounts have none.
    #[must_use]
    pub fn unit(self, environment: Option<Environment>) -> Option<&'static UnitPath> {
        match (self.0, environment) {
            (AccountTypeRule::Core { unit, .. }, None) => Some(unit),
            (AccountTypeRule::Ai { .. }, Some(environment)) => {
                CATALOG.environments.iter().find(|rule| rule.id == environment.id()).map(|rule| &rule.unit)
            }
            _ => None,
        }
    }
}

impl fmt::Debug for AccountType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl PartialEq for AccountType {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for AccountType {}

impl Serialize for AccountType {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for AccountType {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A closed list of words, each with the id people write.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $id:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $id)] $variant),+
        }
        impl $type {
            /// Finds the word; the reason lists what exists.
            pub fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($id => Ok(Self::$variant),)+
                    _ => Err(format!("must be one of {}", [$($id),+].join(", "))),
                }
            }
            /// The word as people write it.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }
        }
    };
}

words! {
    /// The environment of an AI account. The three never reach one another.
    Environment {
        /// Development.
        Dev = "dev",
        /// Test.
        Test = "test",
        /// Production.
        Prod = "prod",
    }
}

words! {
    /// How sensitive the data in an account is, least first.
    DataClassification {
        /// For everybody.
        Public = "public",
        /// For the organization.
        Internal = "internal",
        /// For those who need it.
        Confidential = "confidential",
        /// For named people only.
        Restricted = "restricted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_type_has_a_unit_that_exists_and_every_parent_comes_first() {
        for account_type in AccountType::all() {
            let environments: &[Option<Environment>] = if account_type.is_core() {
                &[None]
            } else {
                &[Some(Environment::Dev), Some(Environment::Test), Some(Environment::Prod)]
            };
            for environment in environments {
                let unit = account_type.unit(*environment).unwrap();
                assert!(units().contains(unit), "{unit}");
            }
        }
        for (index, unit) in units().iter().enumerate() {
            if let Some(parent) = unit.parent() {
                assert!(units()[..index].contains(&parent), "{unit}");
            }
        }
        assert!(units().contains(quarantine()));
    }

    #[test]
    fn an_environment_belongs_to_ai_accounts_only() {
        let frontend = AccountType::parse("frontend").unwrap();
        let audit = AccountType::parse("audit").unwrap();
        assert_eq!(frontend.unit(Some(Environment::Prod)).unwrap().as_str(), "AI/AI PROD");
        assert_eq!(frontend.unit(None), None);
        assert_eq!(audit.unit(Some(Environment::Dev)), None);
    }
}
