//! What to write on one resource.

use crate::{
    Creation, Facts, Policy, TagMap,
    policy::{Merge, context},
};
use landing_zone::{DataClassification, MAX_TAGS};

/// What to write on one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Tags to set; empty when all is right.
    pub set: TagMap,
    /// Keys that found no room among the resource's 50 tags.
    pub no_room: Vec<String>,
    /// The value that the resource's owner key ends up with comes from a person.
    pub person_known: bool,
}

/// Decides by what is wanted, what is known and what the resource carries already. Deciding twice changes nothing.
#[must_use]
pub fn plan(policy: &Policy, creation: &Creation, facts: &Facts, carried: &TagMap) -> Plan {
    let mut existing = creation.request_tags.clone();
    existing.extend(carried.iter().map(|(key, value)| (key.clone(), value.clone())));
    let person_known = creation.principal.person.is_some() || facts.stack_owner.is_some();
    let mut plan = Plan { person_known, ..Plan::default() };
    if creation.rule.repeats && policy.knows(&existing) {
        return plan;
    }
    let context = context(creation, facts);
    let mut count = existing.keys().filter(|key| !key.starts_with("aws:")).count();
    for wanted in &policy.0 {
        let key = wanted.key.as_str();
        let values = wanted.values(&context);
        let there = existing.get(key);
        // Somebody's `Owner` speaks for `owner` as well; both are kept, for both may be filtered by.
        let twin = || existing.iter().find(|(other, _)| other.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        let value = match wanted.merge {
            Merge::Enforce => values.first(),
            Merge::Keep => there.or_else(twin).or_else(|| values.first()),
            Merge::Strictest => strictest(there.or_else(twin).into_iter().chain(&values)),
        };
        let Some(value) = value.filter(|value| there != Some(value)) else {
            continue;
        };
        if there.is_none() {
            if count >= MAX_TAGS {
                plan.no_room.push(key.to_owned());
                continue;
            }
            count += 1;
        }
        plan.set.insert(key.to_owned(), value.clone());
    }
    plan
}

/// The strictest class; a word that is none counts only where there is no other.
fn strictest<'v>(values: impl Iterator<Item = &'v String>) -> Option<&'v String> {
    // `max_by_key` takes the last of equals; reversed, the first stays and nothing is rewritten for its own sake.
    let all: Vec<&String> = values.collect();
    all.into_iter().rev().max_by_key(|value| DataClassification::parse(&value.to_lowercase()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Verdict, classify};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn tags<const N: usize>(pairs: [(&str, &str); N]) -> TagMap {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn record(name: &str, elements: &Value) -> Value {
        json!({"eventSource": "sns.amazonaws.com", "eventName": name, "eventTime": "2026-11-26T08:00:00Z",
            "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "responseElements": elements,
            "userIdentity": {"type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Data_1/jane@example.com"}})
    }

    fn creation(record: &Value) -> Creation {
        match classify(record) {
            Verdict::Creation(creation) => *creation,
            other => panic!("{other:?}"),
        }
    }

    fn bucket() -> Creation {
        let mut bucket = record("CreateBucket", &Value::Null);
        bucket["eventSource"] = json!("s3.amazonaws.com");
        bucket["requestParameters"] = json!({"bucketName": "raw"});
        creation(&bucket)
    }

    fn account() -> Facts {
        let account = tags([
            ("owner", "team@example.com"),
            ("cost-center", "CC-1"),
            ("environment", "dev"),
            ("account-type", "dirty-datasets"),
            ("data-classification", "internal"),
        ]);
        Facts { account, ..Facts::default() }
    }

    #[test]
    fn a_new_resource_gets_every_wanted_tag() {
        let plan = plan(&Policy::standard(), &bucket(), &account(), &TagMap::new());
        insta::assert_debug_snapshot!(plan);
    }

    #[test]
    fn what_people_wrote_stays_and_what_is_enforced_does_not() {
        let carried = tags([
            ("owner", "bob"),
            ("cost-center", "CC-9"),
            ("data-classification", "restricted"),
            ("environment", "dev"),
        ]);
        let set = plan(&Policy::standard(), &bucket(), &account(), &carried).set;
        assert_eq!(set.get("cost-center").map(String::as_str), Some("CC-1"));
        for untouched in ["owner", "data-classification", "environment"] {
            assert!(!set.contains_key(untouched), "{untouched}");
        }
    }

    #[test]
    fn the_strictest_class_of_data_travels() {
        let facts = Facts { data_classifications: vec!["confidential".to_owned(), "odd".to_owned()], ..account() };
        let set = plan(&Policy::standard(), &bucket(), &facts, &tags([("data-classification", "public")])).set;
        assert_eq!(set.get("data-classification").map(String::as_str), Some("confidential"));
    }

    #[test]
    fn a_key_in_another_case_speaks_for_ours() {
        let set = plan(&Policy::standard(), &bucket(), &account(), &tags([("Owner", "bob")])).set;
        assert_eq!(set.get("owner").map(String::as_str), Some("bob"));
    }

    #[test]
    fn what_has_no_room_is_left_out_and_named() {
        let carried: TagMap = (0..48).map(|n| (format!("k{n}"), String::new())).collect();
        let plan = plan(&Policy::standard(), &bucket(), &account(), &carried);
        assert_eq!(plan.set.keys().collect::<Vec<_>>(), ["cost-center", "owner"]);
        assert_eq!(plan.no_room, ["environment", "account-type", "data-classification", "created-by", "created-on"]);
    }

    #[test]
    fn a_call_that_repeats_leaves_alone_what_is_tagged() {
        let topic = creation(&record("CreateTopic", &json!({"topicArn": "arn:aws:sns:eu-west-1:111122223333:t"})));
        assert!(plan(&Policy::standard(), &topic, &account(), &tags([("owner", "bob")])).set.is_empty());
        assert!(!plan(&Policy::standard(), &topic, &account(), &tags([("team", "ml")])).set.is_empty());
    }

    #[test]
    fn the_person_behind_a_stack_owns_what_it_makes() {
        let mut made = bucket();
        made.principal.person = None;
        let facts = Facts { stack_owner: Some("jane@example.com".to_owned()), ..account() };
        let known = plan(&Policy::standard(), &made, &facts, &TagMap::new());
        assert_eq!(known.set.get("owner").map(String::as_str), Some("jane@example.com"));
        let unknown = plan(&Policy::standard(), &made, &account(), &TagMap::new());
        assert_eq!(unknown.set.get("owner").map(String::as_str), Some("team@example.com"));
        assert!(known.person_known && !unknown.person_known);
    }

    proptest! {
        #[test]
        fn deciding_again_changes_nothing(
            carried in prop::collection::btree_map("owner|Owner|cost-center|data-classification|[a-z]{1,3}", "public|restricted|[A-Z]{0,3}", 0..60),
            classes in prop::collection::vec("internal|restricted|odd", 0..3),
        ) {
            let facts = Facts { data_classifications: classes, ..account() };
            let first = plan(&Policy::standard(), &bucket(), &facts, &carried);
            let mut after = carried.clone();
            after.extend(first.set);
            prop_assert!(after.len() <= carried.len().max(MAX_TAGS));
            prop_assert!(plan(&Policy::standard(), &bucket(), &facts, &after).set.is_empty());
        }
    }
}
