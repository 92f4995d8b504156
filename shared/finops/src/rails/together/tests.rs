use super::*;
use crate::testing::World;
use jiff::civil::date;

/// Decisions about so many accounts within their limit, and so many that would be restricted.
fn organization(quiet: usize, over: usize) -> Vec<Decision> {
    let mut calm = World::new();
    let mut loud = World::new();
    loud.refresh(loud.now, |day| if day.month() == 11 { (30.into(), 1.into()) } else { (10.into(), 1.into()) });
    let calm = std::iter::repeat_n(calm.decide(), quiet);
    calm.chain(std::iter::repeat_n(loud.decide(), over)).collect()
}

fn acted(decisions: &[Decision]) -> usize {
    decisions.iter().filter(|decision| decision.outcome == Outcome::Act).count()
}

#[test]
fn some_accounts_at_once_are_acted_on() {
    let mut few = organization(100, 3);
    assert!(hold_together(&mut few, Switch::On).is_empty());
    assert_eq!(acted(&few), 3);
}

#[test]
fn many_accounts_at_once_are_not() {
    let mut many = organization(10, 4);
    let pages = hold_together(&mut many, Switch::On);
    assert_eq!((acted(&many), pages.len()), (0, 1));
    assert_eq!(pages[0].key, "brake-2026-11-20");
}

#[test]
fn an_approved_step_goes_through_the_brake() {
    let mut many = organization(10, 5);
    many.iter_mut().rev().take(1).filter_map(|decision| decision.step.as_mut()).for_each(|step| step.approved = true);
    hold_together(&mut many, Switch::On);
    assert_eq!(acted(&many), 1);
}

#[test]
fn only_so_many_steps_are_taken_in_one_evaluation() {
    let mut decisions = organization(100, 8);
    hold_together(&mut decisions, Switch::On);
    assert_eq!(acted(&decisions), STEPS_AT_ONCE);
    assert!(decisions.iter().any(|decision| decision.rails.iter().any(|rail| rail.name == "cap" && rail.holds)));
}

#[test]
fn the_switch_holds_everything() {
    let mut decisions = organization(10, 1);
    hold_together(&mut decisions, Switch::Off);
    assert_eq!(acted(&decisions), 0);
}

#[test]
fn doubtful_figures_of_many_accounts_hold_all_and_are_told_once() {
    let mut decisions = organization(100, 2);
    let mut doubtful = World::new();
    doubtful.bill(date(2026, 11, 19), 2_000_000);
    decisions.extend(std::iter::repeat_n(doubtful.decide(), 40));
    let pages = hold_together(&mut decisions, Switch::On);
    assert_eq!((acted(&decisions), pages.len()), (0, 1));
    assert_eq!(pages[0].key, "doubted-2026-11-19");
    assert!(pages[0].subject.contains("40 accounts") && pages[0].text.contains("and 20 more"));
}
