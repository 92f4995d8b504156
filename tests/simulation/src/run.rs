//! A year under one system, hour by hour.

use crate::{
    case::{Case, Period},
    glitch::Glitch,
    hour::Hour,
    world::World,
};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// A system that holds budgets.
pub(crate) trait Method {
    /// It looks at what is shown at the end of an hour, and does what it does.
    fn look(&mut self, cases: &mut [Case<'_>], look: &Look<'_>);

    /// Keys of what people were told at once.
    fn pages(&self) -> Vec<String> {
        Vec::new()
    }

    /// How often something was decided about an account.
    fn decisions(&self) -> usize {
        0
    }
}

/// What can be seen besides the accounts.
pub(crate) struct Look<'g> {
    pub hour: Hour,
    /// The bill was refreshed in this hour.
    pub refreshed: bool,
    pub glitches: &'g [Glitch],
    /// False in the month before the measured time.
    pub acts: bool,
}

/// What came of a year.
pub(crate) struct Lived<'w> {
    pub cases: Vec<Case<'w>>,
    /// What DEV and TEST accounts spent beyond their limits until the end of each day.
    pub overspend: Vec<(Date, Decimal)>,
    pub pages: Vec<String>,
    pub decisions: usize,
    /// From and until when the bill was wrong.
    pub bad_days: Vec<(Hour, Hour)>,
}

/// Lives through the time of the world under a system.
pub(crate) fn live<'w>(world: &'w World, glitches: &[Glitch], method: &mut dyn Method) -> Lived<'w> {
    let mut cases: Vec<Case<'w>> =
        world.members.iter().enumerate().map(|(number, member)| Case::new(number, member, world)).collect();
    let mut overspend = Vec::new();
    for hour in world.begins.until(world.ends) {
        let acts = hour >= world.measured;
        let refreshed = world.refreshes.contains(&hour);
        for case in &mut cases {
            case.live(hour, acts);
            if refreshed {
                case.bill.refresh(&case.truth, hour);
            }
        }
        method.look(&mut cases, &Look { hour, refreshed, glitches, acts });
        if acts && hour.of_day() == 23 {
            let over = cases.iter().filter(|case| !case.member.is_prod()).flat_map(|case| &case.periods);
            overspend.push((hour.day(), over.map(Period::over).sum()));
        }
    }
    let bad_days = glitches.iter().map(|glitch| (glitch.from, glitch.until)).collect();
    Lived { cases, overspend, pages: method.pages(), decisions: method.decisions(), bad_days }
}
