use super::*;
use crate::{
    detect::Blind,
    testing::{ai_account, at, idle},
};
use finops::Observed;

const NOW: &str = "2026-11-26T12:00:00Z";

fn rules() -> Rules {
    Rules {
        mode: IdleMode::Stop,
        grace: Grace::default(),
        protected: None,
        owner: Some("owner@example.com".to_owned()),
        now: at(NOW),
    }
}

fn finding(name: &str) -> Finding {
    let Idle { kind, arn, name, region, evidence, since, monthly_saving, .. } = idle(name, IdleState::Found);
    let owner = None;
    Finding { kind, arn, name, region, owner, evidence, since, monthly_saving, exempt: None, workload: None }
}

fn laid(before: Vec<Idle>, seen: &Seen, rules: &Rules) -> Plan {
    let before = IdleReport { account: ai_account().id, at: at(NOW), found: before, blind: Vec::new() };
    plan(&ai_account(), Some(&before), seen, &Records::of(&[], "spend-idle"), rules)
}

#[test]
fn what_cannot_be_stopped_is_warned_of_without_a_date() {
    let seen = Seen { idle: vec![finding("n")], ..Seen::default() };
    let plan = laid(Vec::new(), &seen, &rules());
    assert_eq!(plan.warn.into_values().collect::<Vec<_>>(), [None]);
    assert_eq!(plan.new.len(), 1);
    assert_eq!(plan.report.found[0].owner.as_deref(), Some("owner@example.com"));
    let warned = IdleState::Warned { at: at("2026-10-01T00:00:00Z"), stops_at: Some(at("2026-10-04T00:00:00Z")) };
    let again = laid(vec![idle("n", warned.clone())], &seen, &rules());
    assert!(again.warn.is_empty() && again.stop.is_empty() && again.new.is_empty());
    assert_eq!(again.report.found[0].state, warned);
}

#[test]
fn idleness_begins_with_the_first_look_that_showed_it() {
    let mut first = finding("n");
    first.since = None;
    let seen = Seen { idle: vec![first], ..Seen::default() };
    assert_eq!(laid(Vec::new(), &seen, &rules()).report.found[0].since, Some(at(NOW)));
    let known = Idle { since: Some(at("2026-09-01T00:00:00Z")), ..idle("n", IdleState::Found) };
    assert_eq!(laid(vec![known], &seen, &rules()).report.found[0].since, Some(at("2026-09-01T00:00:00Z")));
}

#[test]
fn what_was_used_while_nobody_looked_is_told_of_anew() {
    let warned = IdleState::Warned { at: at("2026-11-10T12:00:00Z"), stops_at: Some(at("2026-11-25T12:00:00Z")) };
    let laid = |used_at: &str, seen_at: Option<&str>| {
        let workload = serde_json::from_value(serde_json::json!({"kind": "notebook", "arn": "a", "name": "n",
            "region": "eu-west-1", "instanceType": "ml.g5.xlarge", "count": 1, "since": "2026-10-01T00:00:00Z",
            "tags": {}, "id": {}}));
        let found = Finding { since: Some(at(used_at)), workload: workload.ok(), ..finding("n") };
        let known = Idle { seen_at: seen_at.map(at), ..idle("n", warned.clone()) };
        let plan = laid(vec![known], &Seen { idle: vec![found], ..Seen::default() }, &rules());
        (plan.stop.len(), plan.warn.len(), plan.new.len(), plan.report.found[0].since.unwrap())
    };
    let first = at("2026-11-01T00:00:00Z");
    assert_eq!(laid("2026-11-18T12:00:00Z", Some("2026-11-18T12:00:00Z")), (1, 0, 0, first));
    // The Region was out of sight, and somebody opened the notebook meanwhile.
    let used_at = "2026-11-18T12:00:01Z";
    assert_eq!(laid(used_at, Some("2026-11-18T12:00:00Z")), (0, 1, 1, at(used_at)));
    assert_eq!(laid(used_at, None), (0, 1, 1, at(used_at)));
}

#[test]
fn only_what_is_in_sight_is_forgotten() {
    let elsewhere = Idle { region: "us-east-1".to_owned(), ..idle("far", IdleState::Found) };
    let seen = Seen { blind: vec![Blind::region("us-east-1", "denied")], ..Seen::default() };
    let plan = laid(vec![idle("near", IdleState::Found), elsewhere], &seen, &rules());
    let names: Vec<&str> = plan.report.found.iter().map(|idle| idle.name.as_str()).collect();
    assert_eq!(names, ["far"]);
    assert_eq!(plan.report.blind, ["us-east-1: denied"]);
}

#[test]
fn an_account_that_is_exempt_is_left_alone_while_it_is() {
    let of = |until: &str, max_stage: &str, observed_at: &str, mode| {
        let mut document: serde_json::Value =
            serde_json::from_str(include_str!("../../../../../shared/finops/data/policy.json")).unwrap();
        document["exemptions"] = serde_json::json!([{"account": "111122223333", "until": until, "by": "jane",
            "reason": "launch", "maxStage": max_stage}]);
        let policy = Policy::parse(&document.to_string()).unwrap();
        let observed = Observed::new(ai_account(), at(observed_at));
        let rules = Rules::of(&observed, &policy, mode, Grace::default(), at(NOW));
        (rules.mode, rules.protected)
    };
    let why = Some("the account is exempt until 2026-11-26 by jane: launch".to_owned());
    assert_eq!(of("2026-11-26", "restrict", NOW, IdleMode::Stop), (IdleMode::Stop, why));
    assert_eq!(of("2026-11-26", "stop", NOW, IdleMode::Stop), (IdleMode::Stop, None));
    assert_eq!(of("2026-11-25", "none", NOW, IdleMode::Stop), (IdleMode::Stop, None));
    // What was seen of the account is too old to stop anything in it.
    assert_eq!(of("2026-11-25", "none", "2026-11-25T11:59:59Z", IdleMode::Stop), (IdleMode::Warn, None));
    assert_eq!(of("2026-11-25", "none", "2026-11-25T11:59:59Z", IdleMode::Report), (IdleMode::Report, None));
}
