//! A service control policy as people write it: strict, and with one word for whoever is exempt.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stands for the ARNs of exempt roles, in any list of ARNs.
const EXEMPT: &str = "${ExemptRoles}";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(rename = "Version")]
    _version: Version,
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Current,
}

/// What a statement does. There is no `Allow`: next to `FullAWSAccess` it would mean nothing, without it too much.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Effect {
    Deny,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Statement {
    sid: String,
    effect: Effect,
    action: Vec<String>,
    resource: Vec<String>,
    /// Operator, key, values.
    condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Document {
    /// Its statements for these exempt roles.
    pub(crate) fn exempting(&self, arns: &[String]) -> impl Iterator<Item = Statement> {
        self.statement.iter().map(move |statement| {
            let mut statement = statement.clone();
            let conditions = statement.condition.values_mut().flat_map(BTreeMap::values_mut);
            for list in conditions.chain([&mut statement.resource]) {
                if let Some(place) = list.iter().position(|one| one == EXEMPT) {
                    list.splice(place..=place, arns.iter().cloned());
                }
            }
            statement
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FREEZE, RESTRICT};
    use serde_json::json;
    use std::collections::BTreeSet;

    fn statements() -> impl Iterator<Item = &'static Statement> {
        [&RESTRICT, &FREEZE].into_iter().flat_map(|document| &document.statement)
    }

    #[test]
    fn every_statement_spares_the_exempt() {
        for statement in statements() {
            assert_eq!(json!(statement.condition["ArnNotLike"]), json!({"aws:PrincipalArn": [EXEMPT]}));
        }
    }

    #[test]
    fn the_word_becomes_their_arns_wherever_it_stands() {
        let arns = ["arn:aws:iam::*:role/a-*".to_owned(), "arn:aws:iam::*:role/b".to_owned()];
        let filled: Vec<_> = RESTRICT.exempting(&arns).chain(FREEZE.exempting(&arns)).collect();
        assert!(!json!(filled).to_string().contains("${"));
        assert!(filled.iter().all(|one| one.condition["ArnNotLike"]["aws:PrincipalArn"] == arns));
        let keep = filled.iter().find(|one| one.sid == "KeepExemptRoles").unwrap();
        assert_eq!(keep.resource, arns);
    }

    #[test]
    fn names_and_actions_are_in_order() {
        let sids: BTreeSet<_> = statements().map(|statement| &statement.sid).collect();
        assert_eq!(sids.len(), statements().count());
        assert!(sids.iter().all(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric())));
        for Statement { sid, action, .. } in statements() {
            assert!(action.is_sorted() && action.iter().collect::<BTreeSet<_>>().len() == action.len(), "{sid}");
        }
    }

    /// Whatever AWS adds: no pattern is so wide that it takes the way out.
    #[test]
    fn no_action_reads_stops_deletes_or_tags() {
        const FREE: [&str; 12] = [
            "Get",
            "List",
            "Describe",
            "Search",
            "BatchGet",
            "Stop",
            "Cancel",
            "Delete",
            "BatchDelete",
            "Tag",
            "Untag",
            "AddTags",
        ];
        for action in statements().flat_map(|statement| &statement.action) {
            let (service, name) = action.split_once(':').unwrap();
            let begins = name.split('*').next().unwrap();
            assert!(!service.contains('*') && !begins.is_empty(), "{action}");
            assert!(FREE.iter().all(|verb| !begins.starts_with(verb) && !verb.starts_with(begins)), "{action}");
        }
    }

    #[test]
    fn a_file_says_nothing_but_denials() {
        let document = |effect: &str, more: &str| {
            format!(
                r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "A", "Effect": "{effect}", "Action": [],
                "Resource": [], "Condition": {{}}{more}}}]}}"#
            )
        };
        assert!(serde_json::from_str::<Document>(&document("Deny", "")).is_ok());
        assert!(serde_json::from_str::<Document>(&document("Allow", "")).is_err());
        assert!(serde_json::from_str::<Document>(&document("Deny", r#", "NotAction": ["s3:*"]"#)).is_err());
    }
}
