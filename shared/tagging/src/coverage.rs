//! How many resources carry the tags they must, and which do not.

use crate::{Action, Arn, Requirement, TagMap};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, AccountType, Environment, TagKey};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many of something, and how many of those have what they must.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Resources that the demand concerns.
    pub resources: u64,
    /// Those that meet it.
    pub complete: u64,
}

impl Count {
    fn add(&mut self, meets: bool) {
        self.merge(Self { resources: 1, complete: u64::from(meets) });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.resources += other.resources;
        self.complete += other.complete;
    }

    /// Percent that meet the demand, to one decimal; 100 where there is nothing.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of resources are far below 2^52")]
    pub fn percent(self) -> f64 {
        if self.resources == 0 {
            return 100.0;
        }
        (self.complete as f64 * 1000.0 / self.resources as f64).floor() / 10.0
    }
}

/// Counts of an account and Region, or of many together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// All resources; complete are those with every key.
    pub total: Count,
    /// By service, as ARNs name it.
    pub services: BTreeMap<String, Count>,
    /// By required key.
    pub keys: BTreeMap<String, Count>,
    /// Resources whose tags break a tag policy of the organization.
    pub against_tag_policy: u64,
}

impl Coverage {
    /// Counts one resource and returns the keys it lacks.
    pub fn add(&mut self, arn: &Arn, tags: &TagMap, requirement: &Requirement, keeps_policy: bool) -> BTreeSet<TagKey> {
        let missing = requirement.missing(tags);
        self.total.add(missing.is_empty());
        self.services.entry(arn.service().to_owned()).or_default().add(missing.is_empty());
        for key in &requirement.keys {
            self.keys.entry(key.as_str().to_owned()).or_default().add(!missing.contains(key));
        }
        self.against_tag_policy += u64::from(!keeps_policy);
        missing
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        self.total.merge(other.total);
        self.against_tag_policy += other.against_tag_policy;
        for (all, more) in [(&mut self.services, &other.services), (&mut self.keys, &other.keys)] {
            for (name, count) in more {
                all.entry(name.clone()).or_default().merge(*count);
            }
        }
    }
}

/// A resource that lacks tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untagged {
    /// Its ARN.
    pub arn: String,
    /// When a sweep first missed them.
    pub since: Timestamp,
    /// The keys it lacks.
    pub missing: BTreeSet<TagKey>,
}

/// The resources of an account and Region that lack tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(pub Vec<Untagged>);

impl Marks {
    /// Resources remembered one by one. What is beyond is counted, and moves up when others are mended: a record of the
    /// ledger holds 400 KB, and an ARN with its keys takes about 250 bytes.
    const MOST: usize = 1000;

    /// The marks after another sweep: who was missed before keeps the day, the oldest come first.
    #[must_use]
    pub fn after(&self, found: impl IntoIterator<Item = (Arn, BTreeSet<TagKey>)>, now: Timestamp) -> Self {
        let before: BTreeMap<&str, Timestamp> = self.0.iter().map(|mark| (mark.arn.as_str(), mark.since)).collect();
        let marked = found.into_iter().map(|(arn, missing)| Untagged {
            since: before.get(arn.as_str()).copied().unwrap_or(now),
            arn: arn.as_str().to_owned(),
            missing,
        });
        let mut marks: Vec<Untagged> = marked.collect();
        marks.sort_by(|one, other| (one.since, &one.arn).cmp(&(other.since, &other.arn)));
        marks.truncate(Self::MOST);
        Self(marks)
    }
}

/// How a sweep of an account and Region ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweptState {
    /// Everything was looked at.
    Swept,
    /// What was missed is still being looked for; the counts are those of the sweep before.
    Sweeping,
    /// The suite has no role there.
    Unreachable,
}

/// What the last sweep of an account and Region found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: String,
    /// The account's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// The account's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// The account's owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How it ended.
    pub state: SweptState,
    /// When.
    pub swept_at: Timestamp,
    /// Up to when `CloudTrail` was searched for calls that nobody told of.
    pub searched_to: Timestamp,
    /// Calls that nobody had told of, in this sweep.
    pub replayed: u64,
    /// Days of grace there.
    pub grace_days: u16,
    /// What is to be done then.
    pub action: Action,
    /// What it counted.
    pub coverage: Coverage,
}

impl Swept {
    /// When the time of a resource is up that was first missed `since`.
    #[must_use]
    pub fn due(&self, since: Timestamp) -> Timestamp {
        since.saturating_add(SignedDuration::from_hours(24 * i64::from(self.grace_days))).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compliance;

    fn arn(name: &str) -> Arn {
        Arn::parse(&format!("arn:aws:sqs:eu-west-1:111122223333:{name}")).unwrap()
    }

    fn at(day: u8) -> Timestamp {
        format!("2026-11-{day:02}T08:00:00Z").parse().unwrap()
    }

    #[test]
    fn resources_are_counted_by_service_and_key() {
        let requirement = Compliance::parse(r#"[{"keys": ["owner", "team"]}]"#).unwrap().of(None, None);
        let tags = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect::<TagMap>();
        let mut one = Coverage::default();
        assert!(one.add(&arn("a"), &tags(&["owner", "team"]), &requirement, true).is_empty());
        assert_eq!(one.add(&arn("b"), &tags(&["team"]), &requirement, false).len(), 1);
        let mut other = Coverage::default();
        other.add(&Arn::parse("arn:aws:s3:::raw").unwrap(), &tags(&[]), &requirement, true);
        one.merge(&other);
        assert_eq!((one.total, one.against_tag_policy), (Count { resources: 3, complete: 1 }, 1));
        assert_eq!(one.services["sqs"], Count { resources: 2, complete: 1 });
        assert_eq!(one.keys["team"], Count { resources: 3, complete: 2 });
        let shown = |count: Count| count.percent().to_string();
        assert_eq!((shown(one.total), shown(Count::default())), ("33.3".to_owned(), "100".to_owned()));
        // Almost all is not all.
        assert_eq!(shown(Count { resources: 10_000, complete: 9_999 }), "99.9");
    }

    #[test]
    fn who_is_still_missed_keeps_the_day_and_who_is_mended_is_forgotten() {
        let missed = |names: &[&str]| names.iter().map(|name| (arn(name), BTreeSet::new())).collect::<Vec<_>>();
        let first = Marks::default().after(missed(&["b", "a"]), at(1));
        let second = first.after(missed(&["c", "b"]), at(2));
        let shown: Vec<_> = second.0.iter().map(|mark| (mark.arn.rsplit(':').next().unwrap(), mark.since)).collect();
        assert_eq!(shown, [("b", at(1)), ("c", at(2))]);
        let many: Vec<String> = (0..1500).map(|n| format!("n{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain(["b"]).collect();
        let full = second.after(missed(&many), at(3));
        assert_eq!((full.0.len(), &full.0[0].arn), (1000, &arn("b").as_str().to_owned()));
    }
}
