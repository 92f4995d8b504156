//! The weekly letter to an owner.

use crate::costs::Costs;
use jiff::Timestamp;
use landing_zone::{AccountType, Environment};
use rust_decimal::Decimal;
use std::fmt::Write as _;
use tagging::{Marks, Swept};

/// A letter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// ASCII, below the 100 characters that SNS takes.
    pub subject: String,
    pub text: String,
}

/// Resources that a letter names: nobody reads more, and SNS takes 256 KB.
const MOST_NAMED: usize = 50;

/// Writes to the owner of `accounts`.
pub(crate) fn letter(accounts: &[(&Swept, Marks)], costs: Option<&Costs>, now: Timestamp) -> Letter {
    let lacking: usize = accounts.iter().map(|(_, marks)| marks.0.len()).sum();
    let day = now.strftime("%Y-%m-%d");
    let subject = match lacking {
        0 => format!("Tags of your AWS accounts, {day}: all complete"),
        1 => format!("Tags of your AWS accounts, {day}: 1 resource lacks some"),
        many => format!("Tags of your AWS accounts, {day}: {many} resources lack some"),
    };
    let mut text = String::new();
    for (swept, _) in accounts {
        let total = swept.coverage.total;
        let kind = [swept.account_type.map(AccountType::id), swept.environment.map(Environment::id)];
        let kind: Vec<&str> = kind.into_iter().flatten().collect();
        let _ = writeln!(
            text,
            "{} {} ({}): {} of {} resources carry every required tag ({:.1} %).",
            swept.account_id,
            swept.region,
            kind.join(", "),
            total.complete,
            total.resources,
            total.percent()
        );
    }
    if lacking > 0 {
        text.push_str("\nThese lack tags, the most expensive first. Tag them, or delete what nobody needs:\n");
        for line in lines(accounts, costs).into_iter().take(MOST_NAMED) {
            let _ = write!(text, "\n{line}");
        }
        if lacking > MOST_NAMED {
            let _ = write!(text, "\n\n{} more: GET /v1/tags/coverage?accountId=...", lacking - MOST_NAMED);
        }
        if costs.is_none() {
            text.push_str("\n\nWhat each costs is not known: Cost Explorer's data of single resources is not enabled.");
        }
        text.push('\n');
    }
    Letter { subject, text }
}

/// The most expensive first, then who has lacked tags longest.
fn lines(accounts: &[(&Swept, Marks)], costs: Option<&Costs>) -> Vec<String> {
    let mut all: Vec<_> = accounts
        .iter()
        .flat_map(|(swept, marks)| marks.0.iter().map(move |mark| (*swept, mark)))
        .map(|(swept, mark)| (costs.and_then(|costs| costs.of(&mark.arn)), swept, mark))
        .collect();
    all.sort_by_key(|(cost, _, mark)| (std::cmp::Reverse(cost.unwrap_or(Decimal::ZERO)), mark.since));
    let line = |(cost, swept, mark): (Option<Decimal>, &Swept, &tagging::Untagged)| {
        let missing: Vec<&str> = mark.missing.iter().map(landing_zone::TagKey::as_str).collect();
        let cost = cost.map(|usd| format!("; about {usd:.2} USD a month")).unwrap_or_default();
        let due = swept.due(mark.since).strftime("%Y-%m-%d");
        format!("{}\n  lacks {}{cost}; {} on {due}", mark.arn, missing.join(", "), word(swept.action))
    };
    all.into_iter().map(line).collect()
}

fn word(action: tagging::Action) -> &'static str {
    match action {
        tagging::Action::Notify => "reported",
        tagging::Action::Restrict => "restricted",
        tagging::Action::Stop => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{costs::known, overdue::overdue};
    use serde_json::json;

    fn swept() -> Swept {
        serde_json::from_value(json!({"accountId": "111122223333", "region": "eu-west-1", "environment": "prod",
            "accountType": "application", "owner": "jane@example.com", "state": "swept",
            "sweptAt": "2026-11-26T04:00:00Z", "searchedTo": "2026-11-26T03:45:00Z", "replayed": 0, "graceDays": 7,
            "action": "stop", "coverage": {"services": {}, "keys": {}, "againstTagPolicy": 0,
            "total": {"resources": 41, "complete": 39}}}))
        .unwrap()
    }

    fn marks(names: &[&str]) -> Marks {
        let mark = |name: &&str| {
            json!({"arn": format!("arn:aws:sqs:eu-west-1:111122223333:{name}"),
            "since": "2026-11-20T04:00:00Z", "missing": ["cost-center", "owner"]})
        };
        serde_json::from_value(names.iter().map(mark).collect()).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-26T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_owner_reads_what_lacks_tags_what_it_costs_and_when_its_time_is_over() {
        let costs = known([("dear", "120.50"), ("cheap", "0.1")]);
        insta::assert_snapshot!(letter(&[(&swept(), marks(&["unknown", "cheap", "dear"]))], Some(&costs), now()).text);
    }

    #[test]
    fn a_letter_stays_short_and_its_subject_says_it_all() {
        let all_well = letter(&[(&swept(), marks(&[]))], None, now());
        assert_eq!(all_well.subject, "Tags of your AWS accounts, 2026-11-26: all complete");
        let names: Vec<String> = (0..1000).map(|n| format!("{n}{}", "x".repeat(60))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let long = letter(&[(&swept(), marks(&names))], None, now());
        assert!(long.text.contains("950 more") && long.text.contains("not known") && long.text.len() < 20_000);
        assert!(long.subject.len() < 100 && long.subject.is_ascii());
    }

    #[test]
    fn time_is_over_after_the_days_of_grace() {
        let (swept, marks) = (swept(), marks(&["a"]));
        assert_eq!(overdue(&swept, &marks, "2026-11-27T03:59:59Z".parse().unwrap()), []);
        let over = overdue(&swept, &marks, "2026-11-27T04:00:00Z".parse().unwrap());
        assert_eq!(over.len(), 1);
        assert_eq!(over[0].missing, ["cost-center", "owner"].into());
    }
}
