use super::*;
use crate::{Basis, testing::World};
use jiff::civil::date;

fn signals(world: &World) -> Signals {
    let window = world.budget.period.window(day_of(world.now));
    Signals::of(&world.budget, window, world.costs.as_ref(), world.meter.as_ref(), &world.anomalies, world.now)
}

fn known(signal: &Signal) -> &Reading {
    signal.reading().unwrap_or_else(|| panic!("{signal:?}"))
}

#[test]
fn the_bill_is_as_of_its_reading_and_says_what_lacks() {
    let world = World::new();
    let reported = signals(&world).reported;
    assert_eq!(known(&reported).amount, (19 * 11).into());
    assert_eq!(known(&reported).through, date(2026, 11, 19));
    assert_eq!(known(&reported).lacks, ["days after 2026-11-19"]);
}

#[test]
fn the_estimate_goes_on_where_the_bill_is_not_whole() {
    let world = World::new();
    // 18 whole days of 11; the nineteenth from the bill; half of today for the services that are not metered.
    let estimated = signals(&world).estimated;
    assert_eq!(known(&estimated).amount.round_dp(2), "219.50".parse().unwrap());
    assert!(known(&estimated).lacks.is_empty());
}

#[test]
fn machines_of_ec2_are_metered_and_not_usual_as_well() {
    let mut world = World::new();
    let plain = known(&signals(&world).estimated).amount;
    // 24 a day of GPU instances, which the bill has under EC2, and the meter too: half of them today.
    let gpus: Decimal = 24.into();
    for day in world.costs.as_mut().unwrap().days.values_mut() {
        day.services.insert("Amazon Elastic Compute Cloud - Compute".to_owned(), gpus);
    }
    let (today, meter) = (day_of(world.now), world.meter.as_mut().unwrap());
    for (day, amount) in &mut meter.by_day {
        let metered = if *day == today { gpus / Decimal::TWO } else { gpus };
        *amount += metered;
        meter.machines.insert(*day, metered);
    }
    let more = known(&signals(&world).estimated).amount - plain;
    assert_eq!(more.round_dp(2), Decimal::from(19 * 24 + 12));
    // More metered than billed is not taken off the others.
    world.meter.as_mut().unwrap().machines.values_mut().for_each(|amount| *amount *= Decimal::TEN);
    let less = known(&signals(&world).estimated).amount - plain - more;
    assert_eq!(less.round_dp(2), "-0.50".parse().unwrap());
}

#[test]
fn what_was_not_seen_is_said() {
    let mut world = World::new();
    let meter = world.meter.as_mut().unwrap();
    meter.by_day.remove(&date(2026, 11, 20));
    meter.blind.push("eu-west-1: no access".to_owned());
    let lacks = known(&signals(&world).estimated).lacks.clone();
    assert_eq!(lacks, ["what ran unseen: eu-west-1: no access", "what ran on 2026-11-20"]);
}

#[test]
fn old_readings_are_no_readings() {
    let mut world = World::new();
    world.later(4);
    assert!(signals(&world).estimated.reading().is_none());
    assert!(signals(&world).reported.reading().is_some());
    world.later(33);
    assert!(signals(&world).reported.reading().is_none());
}

#[test]
fn a_bill_that_ends_before_the_period_says_nothing_about_it() {
    let mut world = World::new();
    world.now = "2026-12-01T06:00:00Z".parse().unwrap();
    world.costs.as_mut().unwrap().read_at = world.now;
    assert!(signals(&world).reported.reading().is_none());
}

#[test]
fn the_forecast_wants_two_weeks_and_forgives_one_spike() {
    let mut world = World::new();
    let steady = known(&signals(&world).forecast).amount;
    assert!((steady - Decimal::from(30 * 11)).abs() < Decimal::TEN, "{steady}");
    world.bill(date(2026, 11, 15), 500);
    let spiked = known(&signals(&world).forecast).amount;
    assert!(spiked < steady + Decimal::from(500 + 30), "{spiked}");
    let first = date(2026, 11, 10);
    world.costs.as_mut().unwrap().days.retain(|day, _| *day >= first);
    let Signal::Unavailable { why } = signals(&world).forecast else { panic!("ten days are no history") };
    assert!(why.starts_with("insufficient history: 9 of 14"), "{why}");
}

#[test]
fn credits_count_where_the_basis_is_net() {
    let mut world = World::new();
    for day in world.costs.as_mut().unwrap().days.values_mut() {
        day.credits = (-11).into();
    }
    assert_eq!(known(&signals(&world).reported).amount, (19 * 11).into());
    world.budget.basis = Basis::Net;
    assert_eq!(known(&signals(&world).reported).amount, Decimal::ZERO);
}

#[test]
fn anomalies_count_while_they_last() {
    let mut world = World::new();
    assert!(signals(&world).anomaly.reading().is_none());
    let told_at = world.now;
    world.anomalies = vec![
        Anomaly { id: "a".into(), told_at, start: date(2026, 11, 18), service: None, impact: 7.into() },
        Anomaly {
            id: "b".into(),
            told_at: told_at - SignedDuration::from_hours(97),
            start: date(2026, 11, 1),
            service: None,
            impact: 9.into(),
        },
    ];
    assert_eq!(known(&signals(&world).anomaly).amount, 7.into());
}
