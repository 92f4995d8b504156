use super::*;
use crate::{Exemption, Holder, Period, Reached, testing::World};
use jiff::civil::date;
use landing_zone::{AccountType, Environment};

/// Spending that passes the limit of 500 on the bill, seen by the meter too.
fn over() -> World {
    let mut world = World::new();
    world.refresh(world.now, |day| if day.month() == 11 { (35.into(), 1.into()) } else { (10.into(), 1.into()) });
    world
}

/// An account that was brought to a stage in this period.
fn at(stage: Stage) -> World {
    let mut world = over();
    world.record.reach(stage, Period::Monthly.window(date(2026, 11, 1)), world.budget.limit, world.now);
    for guardrail in guardrails_of(stage) {
        world.record.guardrails.insert(*guardrail, Holder::Ours);
        world.in_place.as_mut().unwrap().guardrails.insert(*guardrail);
    }
    world
}

#[test]
fn words_are_the_same_in_documents() {
    for direction in [Direction::Up, Direction::Down, Direction::Again] {
        assert_eq!(serde_json::to_value(direction).unwrap(), direction.id());
    }
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.id());
    }
}

fn step(decision: &Decision) -> Option<(Direction, Stage)> {
    decision.step.as_ref().map(|step| (step.direction, step.to))
}

fn holds(decision: &Decision, name: &str) -> Option<bool> {
    decision.rails.iter().find(|rail| rail.name == name).map(|rail| rail.holds)
}

#[test]
fn an_account_within_its_limit_is_left_alone() {
    let decision = World::new().decide();
    assert_eq!((decision.called, decision.outcome), (Stage::None, Outcome::Settled));
    assert!(decision.rules.iter().all(|rule| !rule.holds && !rule.because.is_empty()));
    assert!(decision.rules.len() >= 9);
}

#[test]
fn over_the_limit_the_account_is_restricted_when_bill_and_meter_agree() {
    let decision = over().decide();
    assert_eq!(decision.called, Stage::Freeze);
    assert_eq!(step(&decision), Some((Direction::Up, Stage::Restrict)));
    assert_eq!(decision.outcome, Outcome::Act, "{:?}", decision.held_by());
}

#[test]
fn stages_that_ask_for_approval_wait_for_it_and_for_this_step() {
    let mut world = at(Stage::Restrict);
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Up, Stage::Stop)), Outcome::Approval));
    for (id, outcome) in [
        ("up-restrict-2026-11-01", Outcome::Approval),
        ("up-stop-2026-10-01", Outcome::Approval),
        ("up-stop-2026-11-01", Outcome::Act),
    ] {
        world.approve(id, true);
        assert_eq!(world.decide().outcome, outcome, "{id}");
    }
    world.approve("up-stop-2026-11-01", false);
    assert_eq!((world.decide().outcome, holds(&world.decide(), "rejected")), (Outcome::Held, Some(true)));
}

#[test]
fn one_reading_is_not_enough() {
    let mut world = over();
    world.meter.as_mut().unwrap().by_day.clear();
    let decision = world.decide();
    assert_eq!((decision.outcome, holds(&decision, "corroborated")), (Outcome::Held, Some(true)));
    // The same reading an hour later is still one reading.
    world.later(1);
    assert_eq!(holds(&world.decide(), "corroborated"), Some(true));
    // The next refresh of the bill is a second one.
    world.costs.as_mut().unwrap().read_at = world.now + jiff::SignedDuration::from_hours(4);
    world.later(4);
    let decision = world.decide();
    assert_eq!((decision.outcome, holds(&decision, "corroborated")), (Outcome::Act, Some(false)));
}

#[test]
fn the_meter_sees_today_what_the_bill_shows_tomorrow() {
    let mut world = World::new();
    world.meter.as_mut().unwrap().by_day.insert(date(2026, 11, 20), 400.into());
    let decision = world.decide();
    assert_eq!(decision.signals.reported.amount(), Some(209.into()));
    assert!(decision.called >= Stage::Restrict, "{:?}", decision.signals);
    assert_eq!(holds(&decision, "corroborated"), Some(true));
    world.later(1);
    world.meter.as_mut().unwrap().read_at = world.now;
    assert_eq!(world.decide().outcome, Outcome::Act);
}

#[test]
fn an_anomaly_that_the_account_caused_is_a_second_witness() {
    let mut world = over();
    world.meter = None;
    assert_eq!(holds(&world.decide(), "corroborated"), Some(true));
    world.anomalies.push(Anomaly {
        id: "a".to_owned(),
        told_at: world.now,
        start: date(2026, 11, 19),
        service: None,
        impact: 60.into(),
    });
    assert_eq!(holds(&world.decide(), "corroborated"), Some(false));
    world.anomalies[0].told_at = world.now - jiff::SignedDuration::from_hours(97);
    assert_eq!(holds(&world.decide(), "corroborated"), Some(true));
}

#[test]
fn figures_beyond_belief_lead_to_nothing() {
    let mut world = over();
    world.bill(date(2026, 11, 19), 1_046_294_123_330);
    let decision = world.decide();
    assert_eq!(decision.doubted, Some(date(2026, 11, 19)));
    assert_eq!((decision.outcome, decision.tells()), (Outcome::Held, false));
    // Beyond the ceiling an approval does not help.
    world.approve("up-restrict-2026-11-01", true);
    assert_eq!(world.decide().outcome, Outcome::Held);
}

#[test]
fn a_jump_is_believed_when_the_meter_saw_it_or_people_looked() {
    let mut world = World::new();
    world.bill(date(2026, 11, 19), 5_000);
    assert_eq!(world.decide().doubted, Some(date(2026, 11, 19)));
    let mut approved = World::new();
    approved.bill(date(2026, 11, 19), 5_000);
    approved.approve("up-restrict-2026-11-01", true);
    assert_eq!((approved.decide().doubted, approved.decide().outcome), (None, Outcome::Act));
    world.meter.as_mut().unwrap().by_day.insert(date(2026, 11, 19), 2_000.into());
    assert_eq!((world.decide().doubted, world.decide().outcome), (None, Outcome::Act));
}

#[test]
fn missing_data_is_not_zero() {
    let mut world = over();
    world.costs = None;
    let decision = world.decide();
    assert!(
        decision.rules.iter().all(|rule| !rule.holds && rule.because.contains("unavailable")),
        "{:?}",
        decision.rules
    );
    // Nothing is called for, and yet nothing is taken back.
    let mut world = at(Stage::Restrict).at("2026-12-05T12:00:00Z");
    world.costs = None;
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, Stage::None)), Outcome::Held));
}

#[test]
fn a_late_bill_calls_for_nothing_new() {
    let mut world = over();
    world.later(35);
    world.meter.as_mut().unwrap().read_at = world.now;
    world.costs.as_mut().unwrap().through = Some(date(2026, 11, 17));
    let decision = world.decide();
    assert_eq!((decision.outcome, holds(&decision, "fresh")), (Outcome::Held, Some(true)));
}

#[test]
fn a_bill_in_another_currency_holds_everything() {
    let mut world = over();
    world.costs.as_mut().unwrap().currencies.insert(crate::Currency::parse("EUR").unwrap());
    assert_eq!(holds(&world.decide(), "currency"), Some(true));
    assert_eq!(world.decide().outcome, Outcome::Held);
}

#[test]
fn accounts_that_an_organization_stands_on_are_only_spoken_of() {
    for change in [
        (|world: &mut World| world.account.special = Some(crate::Special::Management)) as fn(&mut World),
        |world| world.account.special = Some(crate::Special::DelegatedAdministrator),
        |world| world.account.account_type = AccountType::parse("finops").ok(),
        |world| world.account.unit = Some("AI/AI PROD".to_owned()),
        |world| world.account.unit = None,
    ] {
        let mut world = over();
        change(&mut world);
        let decision = world.decide();
        assert_eq!((decision.desired, decision.outcome), (Stage::Notify, Outcome::Settled));
        assert!(decision.tells());
    }
}

#[test]
fn production_is_never_acted_on_without_people() {
    let mut world = over();
    world.account.environment = Some(Environment::Prod);
    world.account.unit = Some("AI/AI PROD".to_owned());
    world.budget.approval.clear();
    assert_eq!(world.decide().outcome, Outcome::Approval);
}

#[test]
fn exemptions_and_dry_runs_change_nothing() {
    let mut world = over();
    world.exemption = Some(Exemption {
        account: world.account.id.clone(),
        max_stage: Stage::Notify,
        until: date(2026, 11, 30),
        by: "jane@example.com".to_owned(),
        reason: "launch".to_owned(),
    });
    assert_eq!(world.decide().outcome, Outcome::Settled);
    let mut world = over();
    world.mode = Mode::Report;
    assert_eq!(world.decide().outcome, Outcome::Would);
}

#[test]
fn within_the_period_nothing_is_taken_back_by_itself() {
    let mut world = at(Stage::Restrict);
    world.refresh(world.now, |_| (1.into(), 0.into()));
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, Stage::None)), Outcome::Held));
    world.approve("down-none-2026-11-01", true);
    assert_eq!(world.decide().outcome, Outcome::Act);
}

#[test]
fn a_raised_limit_takes_it_back() {
    let mut world = at(Stage::Freeze);
    world.budget.limit = 5_000.into();
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, Stage::Stop)), Outcome::Act));
    // AWS shows nothing right after a budget was changed: a limit alone says nothing about what was spent.
    world.meter = None;
    world.costs.as_mut().unwrap().through = Some(date(2026, 11, 17));
    assert_eq!(world.decide().outcome, Outcome::Held);
}

#[test]
fn a_new_period_has_to_show_itself_first() {
    let quiet = |now: &str| {
        let mut world = at(Stage::Restrict);
        world.refresh(now.parse().unwrap(), |day| {
            if day.month() == 11 { (30.into(), 1.into()) } else { (1.into(), 0.into()) }
        });
        world
    };
    for (now, outcome) in [
        ("2026-12-01T00:00:00Z", Outcome::Held),
        ("2026-12-02T23:00:00Z", Outcome::Held),
        ("2026-12-03T01:00:00Z", Outcome::Act),
    ] {
        let decision = quiet(now).decide();
        assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, Stage::None)), outcome), "{now}");
    }
    // A new period that begins as the old one ended keeps what is there.
    let mut world = at(Stage::Restrict);
    world.refresh("2026-12-03T01:00:00Z".parse().unwrap(), |_| (300.into(), 0.into()));
    assert_eq!(world.decide().desired, Stage::Freeze);
}

#[test]
fn it_is_taken_back_step_by_step_to_the_end() {
    let mut rollover = at(Stage::Freeze);
    rollover.refresh("2026-12-03T01:00:00Z".parse().unwrap(), |_| (1.into(), 0.into()));
    let mut raised = at(Stage::Freeze);
    raised.budget.limit = 5_000.into();
    for mut world in [rollover, raised] {
        for to in [Stage::Stop, Stage::Restrict, Stage::None] {
            let decision = world.decide();
            assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, to)), Outcome::Act));
            world.record.reach(to, decision.window, decision.limit, decision.at);
        }
        assert_eq!((world.decide().outcome, world.record.reached), (Outcome::Settled, None));
    }
}

#[test]
fn a_lowered_cap_takes_it_back_and_a_move_does_not() {
    let mut world = at(Stage::Stop);
    world.budget.max_stage = Stage::Restrict;
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Down, Stage::Restrict)), Outcome::Act));
    let mut world = at(Stage::Stop);
    world.account.unit = Some("Quarantine".to_owned());
    assert_eq!(world.decide().outcome, Outcome::Held);
}

#[test]
fn what_somebody_took_away_by_hand_is_put_back() {
    let mut world = at(Stage::Restrict);
    world.budget.max_stage = Stage::Restrict;
    assert_eq!(world.decide().outcome, Outcome::Settled);
    world.in_place = Some(InPlace::default());
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Again, Stage::Restrict)), Outcome::Act));
    // What could not be seen is not taken for gone.
    world.in_place = None;
    assert_eq!(world.decide().outcome, Outcome::Settled);
    let mut world = at(Stage::Stop);
    world.budget.max_stage = Stage::Stop;
    world.in_place.as_mut().unwrap().running = 1;
    assert_eq!(step(&world.decide()), Some((Direction::Again, Stage::Stop)));
}

#[test]
fn nobody_works_on_an_account_twice() {
    let mut world = over();
    world.record.claim("an execution", jiff::SignedDuration::from_mins(5), world.now);
    assert_eq!(holds(&world.decide(), "busy"), Some(true));
    assert_eq!(world.decide().outcome, Outcome::Held);
}

#[test]
fn what_was_reached_remembers_its_period() {
    assert_eq!(at(Stage::Restrict).record.reached.map(|Reached { period, .. }| period), Some(date(2026, 11, 1)));
}

#[test]
fn what_was_begun_and_is_not_called_for_any_more_is_taken_back() {
    let mut world = at(Stage::Restrict);
    world.budget.max_stage = Stage::Restrict;
    world.record.begun = Some(Stage::Stop);
    let decision = world.decide();
    assert_eq!((step(&decision), decision.outcome), (Some((Direction::Again, Stage::Restrict)), Outcome::Act));
    world.record.settle();
    assert_eq!(world.decide().outcome, Outcome::Settled);
}
