use super::*;
use crate::{
    amount::percent,
    testing::{account, costs, decide_all, facts, id, now, observed},
};
use finops::{Day, IdleState};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

fn gap<'r>(report: &'r Report, part: &str) -> &'r Gap {
    report.gaps.iter().find(|gap| gap.what.contains(part)).unwrap_or_else(|| panic!("{part}: {:?}", report.gaps))
}

fn row(report: &Report, number: u32) -> &AccountRow {
    report.accounts.iter().find(|row| row.account == id(number)).unwrap()
}

#[test]
fn each_way_to_tell_spending_apart_comes_to_the_same() {
    let report = Report::of(&facts(60));
    let total = report.total.this_month.unwrap();
    assert!(total.0 > Decimal::ZERO);
    let groups = [&report.environments, &report.account_types, &report.owners, &report.cost_centers, &report.services];
    for shares in groups {
        assert_eq!(shares.iter().filter_map(|share| share.this_month).sum::<Amount>(), total);
        assert_eq!(
            shares.iter().filter_map(|share| share.last_month).sum::<Amount>(),
            report.total.last_month.unwrap()
        );
        assert!(shares.is_sorted_by_key(|share| std::cmp::Reverse(share.this_month)));
    }
    let of_month = report.days.iter().filter(|day| report.month.contains(day.day));
    assert_eq!(of_month.flat_map(|day| day.environments.values().copied()).sum::<Amount>(), total);
    assert_eq!(report.environments.iter().map(|share| share.accounts).sum::<usize>(), 60);
    assert!(report.total.ai.unwrap() < total && report.total.credits.unwrap() < Amount::default());
    assert!(report.owners.iter().any(|share| share.name.is_none()));
    let whole: Vec<bool> = report.days.iter().rev().take(2).map(|day| day.whole).collect();
    assert_eq!(whole, [false, true]);
}

#[test]
fn what_is_not_known_is_never_zero() {
    let mut facts = facts(6);
    // No bill, no look, a bill that ends before the month, one that shows nothing, a meter that is old.
    facts.costs.retain(|costs| costs.account != id(0));
    facts.observed.retain(|seen| seen.account.id != id(1));
    for costs in &mut facts.costs {
        if costs.account == id(2) {
            costs.through = "2026-10-30".parse().ok();
        } else if costs.account == id(3) {
            costs.through = None;
            costs.days.clear();
        }
    }
    for seen in facts.observed.iter_mut().filter(|seen| seen.account.id == id(4)) {
        seen.at = now() - SignedDuration::from_hours(4);
    }
    facts.sweeps.clear();
    facts.idle.retain(|report| report.account != id(5));
    decide_all(&mut facts);
    let report = Report::of(&facts);
    for (number, this_month, last_month) in [(0, false, false), (1, true, true), (2, false, true), (3, false, false)] {
        let row = row(&report, number);
        assert_eq!((row.this_month.is_some(), row.last_month.is_some()), (this_month, last_month), "{number}");
        // What the meter saw is known also without a bill of this month.
        assert_eq!(row.standing == Standing::Unknown, number < 2, "{number}");
    }
    assert_eq!((report.total.unknown, report.total.without_forecast), (2, 3));
    for (part, numbers) in [
        ("bill was not read yet", vec![0]),
        ("not looked into yet", vec![1]),
        ("Nothing was decided", vec![1]),
        ("no costs at all", vec![3]),
        ("metered more than 3 hours ago", vec![4]),
        ("Idle resources were not looked for.", vec![5]),
        ("No resources were swept", vec![]),
    ] {
        assert_eq!(gap(&report, part).accounts, numbers.into_iter().map(id).collect(), "{part}");
    }
    assert_eq!((report.tags.untagged_percent, report.tags.swept_at), (None, None));
    let known = [1, 4, 5].map(|number| row(&report, number).this_month.unwrap());
    assert_eq!(report.total.this_month.unwrap(), known.into_iter().sum());
    let unknown: usize = report.environments.iter().map(|share| share.unknown).sum();
    assert_eq!(unknown, 3);
}

#[test]
fn nothing_at_all_is_known_at_first() {
    let report = Report::of(&facts(0));
    assert_eq!((report.total.this_month, report.total.forecast, report.idle.saving), (None, None, None));
    assert!(report.days.is_empty() && report.through.is_none());
    assert!(gap(&report, "no bill was read").accounts.is_empty());
    assert!(gap(&report, "Idle resources were not looked for yet").accounts.is_empty());
}

/// In July 2026 a price that was wrong told thousands of customers that they had spent trillions.
#[test]
fn figures_that_cannot_be_believed_are_in_no_sum() {
    let mut facts = facts(6);
    let before = Report::of(&facts);
    let spent = row(&before, 0).this_month.unwrap();
    let services = [("Amazon Bedrock".to_owned(), "1046294123330.95".parse().unwrap())].into();
    facts.costs[0].days.insert("2026-11-18".parse().unwrap(), Day { services, credits: Decimal::ZERO });
    decide_all(&mut facts);
    let report = Report::of(&facts);
    assert_eq!(row(&report, 0).doubted, "2026-11-18".parse().ok());
    assert_eq!((row(&report, 0).standing, row(&report, 0).used_percent), (Standing::Unknown, None));
    assert_eq!(report.total.this_month.unwrap().0, before.total.this_month.unwrap().0 - spent.0);
    assert_eq!(gap(&report, "cannot be believed").accounts, [id(0)].into());
    let most = report.days.iter().flat_map(|day| day.environments.values()).max().unwrap();
    assert!(most.0 < Decimal::from(10_000), "{most}");
}

#[test]
fn another_currency_is_not_added_to_this_one() {
    let mut facts = facts(3);
    facts.costs[0].currencies = [finops::Currency::parse("EUR").unwrap()].into();
    decide_all(&mut facts);
    let report = Report::of(&facts);
    assert_eq!(row(&report, 0).this_month, None);
    assert_eq!(gap(&report, "amounts in EUR").accounts, [id(0)].into());
    let others: Amount = [1, 2].map(|number| row(&report, number).this_month.unwrap()).into_iter().sum();
    assert_eq!(report.total.this_month, Some(others));
}

#[test]
fn accounts_stand_against_their_own_limit() {
    let mut facts = facts(0);
    // 2026-11: 750 to 2,300 and more of it to come, against 500, 1,000 and 5,000.
    for (number, a_day) in [(0, 40), (1, 25), (2, 30)] {
        let bill = costs(number, a_day.into());
        facts.observed.push(observed(account(number), &bill));
        facts.costs.push(bill);
    }
    decide_all(&mut facts);
    let report = Report::of(&facts);
    let found = [0, 1, 2].map(|number| row(&report, number)).map(|row| (row.environment.as_str(), row.standing));
    assert_eq!(found, [("dev", Standing::Over), ("test", Standing::Over), ("prod", Standing::Within)]);
    let first = &report.accounts[0];
    assert_eq!(first.account, id(0));
    assert_eq!(first.used_percent, percent(first.spent().unwrap().0, 500.into()));
    assert!(first.spent() > first.this_month, "today is metered and in no bill");
    assert_eq!(report.over().count(), 2);
}

#[test]
fn steps_that_were_not_taken_say_why() {
    let mut facts = facts(24);
    facts.decisions.retain(|decision| decision.outcome != finops::Outcome::Settled);
    let count = facts.decisions.len();
    let report = Report::of(&facts);
    assert!(count > 0 && report.waiting.len() == count);
    let waiting = &report.waiting[0];
    assert!(waiting.because.iter().any(|because| because.starts_with("reported at least ")), "{waiting:?}");
    assert!(!waiting.held_by.is_empty() && waiting.step.ends_with("-2026-11-01"), "{waiting:?}");
}

#[test]
fn what_is_stopped_saves_already() {
    let report = Report::of(&facts(15));
    let states: Vec<bool> =
        report.idle.found.iter().map(|row| matches!(row.state, IdleState::Stopped { .. })).collect();
    assert_eq!(states, [false, true, false]);
    assert_eq!((report.idle.saving, report.idle.unpriced), (Some(Amount(Decimal::new(102_384, 2))), 1));
}

#[test]
fn what_is_left_of_an_account_that_is_no_ai_account_in_use_counts_nowhere() {
    let mut facts = facts(15);
    let is_idle = |report: &Report| report.idle.found.iter().filter(|row| row.account == id(2)).count();
    assert_eq!((Report::of(&facts).idle.accounts, is_idle(&Report::of(&facts))), (15, 2));
    facts.observed[2].account.state = "SUSPENDED".to_owned();
    facts.observed[3].account.account_type = None;
    facts.idle.retain(|report| report.account != id(3));
    facts.idle[2].at = "2026-10-01T12:00:00Z".parse().unwrap();
    let report = Report::of(&facts);
    assert_eq!((report.idle.accounts, is_idle(&report), report.idle.unseen), (13, 0, 0));
    assert!(report.gaps.iter().all(|gap| !gap.what.contains("Idle resources")), "{:?}", report.gaps);
    // What still is idle is stopped, and saves already.
    assert_eq!(report.idle.saving, Some(Amount::default()));
    for seen in &mut facts.observed {
        seen.account.environment = None;
    }
    let report = Report::of(&facts);
    assert_eq!((report.idle.accounts, report.idle.saving), (0, None));
    assert!(report.gaps.iter().all(|gap| !gap.what.contains("Idle resources")), "{:?}", report.gaps);
}

#[test]
fn that_nothing_is_idle_is_known_only_where_everything_was_judged() {
    let mut facts = facts(2);
    assert_eq!(Report::of(&facts).idle.saving, Some(Amount::default()));
    facts.idle[0].blind = vec!["eu-west-1, notebook: AccessDenied".to_owned()];
    let report = Report::of(&facts);
    assert_eq!((report.idle.accounts, report.idle.unseen, report.idle.saving), (2, 1, None));
    facts.idle.remove(0);
    let report = Report::of(&facts);
    assert_eq!((report.idle.accounts, report.idle.unseen, report.idle.saving), (1, 1, None));
}

#[test]
fn models_are_summed_over_the_days_that_are_named() {
    let mut facts = facts(1);
    let before = Report::of(&facts);
    assert_eq!(before.models_from, "2026-11-17".parse().unwrap());
    let many =
        BTreeMap::from([("eu.amazon.nova-lite-v1:0".to_owned(), Decimal::from(1_000)), ("old".to_owned(), 1.into())]);
    facts.observed[0].models.insert("2026-11-16".parse().unwrap(), many);
    let report = Report::of(&facts);
    let amounts = |report: &Report| report.models.iter().map(|model| model.amount).collect::<Vec<_>>();
    assert_eq!(amounts(&report), amounts(&before));
}

#[test]
fn models_and_what_has_no_price_are_added_up() {
    let report = Report::of(&facts(30));
    assert_eq!(report.models.len(), 4);
    assert!(report.models.iter().all(|model| model.accounts == 30));
    assert!(report.models[0].amount > report.models[1].amount);
    let [unpriced] = &report.unpriced[..] else { panic!("{:?}", report.unpriced) };
    assert_eq!((unpriced.accounts, unpriced.quantity), (2, 2_500_000.into()));
}

#[test]
fn the_untagged_share_is_of_resources_and_of_money() {
    let report = Report::of(&facts(9));
    // 9 sweeps of 40: 9 + 8 + … + 1 of them lack a tag.
    assert_eq!((report.tags.resources, report.tags.untagged), (360, 45));
    assert_eq!(report.tags.untagged_percent.unwrap().to_string(), "12.5");
    assert_eq!(report.tags.keys, [("cost-center".to_owned(), 63), ("owner".to_owned(), 18)]);
    assert_eq!(report.tags.without_cost_center, row(&report, 6).this_month);
    assert_eq!(report.tags.without_owner, Some(Amount::default()));
}

#[test]
fn what_nobody_answers_for_is_not_known_where_nobody_looked() {
    let mut facts = facts(9);
    // The account without cost center has no bill, and another was not looked into.
    facts.costs.retain(|costs| costs.account != id(6));
    facts.observed.retain(|seen| seen.account.id != id(0));
    decide_all(&mut facts);
    let tags = Report::of(&facts).tags;
    assert_eq!((tags.without_cost_center, tags.without_cost_center_percent), (None, None));
    assert_eq!(tags.without_owner, Some(Amount::default()));
    facts.observed.clear();
    assert_eq!(Report::of(&facts).tags.without_owner, None);
}
