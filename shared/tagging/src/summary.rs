//! Coverage of many accounts together.

use crate::{Count, Coverage, Swept, SweptState};
use jiff::Timestamp;
use landing_zone::{AccountId, AccountType, Environment};
use std::collections::{BTreeMap, BTreeSet};

/// What the sweeps of many accounts and Regions come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The oldest sweep among them; none where nothing was swept.
    pub swept_at: Option<Timestamp>,
    /// Everything together.
    pub coverage: Coverage,
    /// By environment; `core` for accounts that serve all.
    pub environments: BTreeMap<&'static str, Count>,
    /// By account type; `other` for accounts of none.
    pub account_types: BTreeMap<&'static str, Count>,
    /// Accounts that the suite has no role in. They count nowhere else.
    pub unreachable: BTreeSet<AccountId>,
}

impl Summary {
    /// Adds them up.
    pub fn of<'s>(sweeps: impl IntoIterator<Item = &'s Swept>) -> Self {
        let mut summary = Self::default();
        for swept in sweeps {
            if swept.state == SweptState::Unreachable {
                summary.unreachable.insert(swept.account_id.clone());
                continue;
            }
            let total = swept.coverage.total;
            summary.swept_at = Some(summary.swept_at.map_or(swept.swept_at, |oldest| oldest.min(swept.swept_at)));
            summary.coverage.merge(&swept.coverage);
            let environment = swept.environment.map_or("core", Environment::id);
            summary.environments.entry(environment).or_default().merge(total);
            let account_type = swept.account_type.map_or("other", AccountType::id);
            summary.account_types.entry(account_type).or_default().merge(total);
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn swept(account: &str, state: &str, environment: Option<&str>, day: u8, complete: u64) -> Swept {
        serde_json::from_value(json!({"accountId": account, "region": "eu-west-1", "environment": environment,
            "state": state, "sweptAt": format!("2026-11-{day:02}T08:00:00Z"), "searchedTo": "2026-11-01T08:00:00Z",
            "replayed": 0, "graceDays": 14, "action": "notify", "coverage": {"services": {}, "keys": {},
            "againstTagPolicy": 1, "total": {"resources": 10, "complete": complete}}}))
        .unwrap()
    }

    #[test]
    fn accounts_add_up_and_those_without_a_role_are_named() {
        let sweeps = [
            swept("111122223333", "swept", Some("dev"), 26, 10),
            swept("111122223334", "sweeping", Some("dev"), 25, 4),
            swept("111122223335", "swept", None, 26, 7),
            swept("111122223336", "unreachable", Some("dev"), 26, 0),
        ];
        let summary = Summary::of(&sweeps);
        assert_eq!(summary.swept_at, Some(sweeps[1].swept_at));
        assert_eq!(summary.coverage.total, Count { resources: 30, complete: 21 });
        assert_eq!(summary.environments["dev"], Count { resources: 20, complete: 14 });
        assert_eq!(summary.environments["core"], Count { resources: 10, complete: 7 });
        assert_eq!((summary.account_types["other"].resources, summary.coverage.against_tag_policy), (30, 3));
        assert_eq!(summary.unreachable, [sweeps[3].account_id.clone()].into());
    }
}
