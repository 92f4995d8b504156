//! Simulates twelve months of spending under four systems, and replays the incident of July 2026. What decides is the code
//! that decides in production; only AWS, people and the spending are played.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod bill;
mod case;
mod dice;
mod figures;
mod glitch;
mod hour;
mod letters;
mod meter;
mod ours;
mod own_cost;
mod people;
mod plot;
mod replay;
mod report;
mod rivals;
mod run;
mod spend;
mod truth;
mod words;
mod world;

use figures::Figures;
use jiff::civil::date;
use report::Summary;
use run::{Method, live};
use std::{fs, path::Path, thread, time::Instant};
use world::{Error, World, Year};

const SEED: u64 = 2026;
const ACCOUNTS: i64 = 200;
const MONTHS: i32 = 12;

/// Accounts whose bill was wrong in July 2026.
const AFFECTED: usize = 40;

fn main() -> Result<(), Error> {
    let began = Instant::now();
    let (seed, accounts, months) = (SEED, ACCOUNTS, MONTHS);
    let replay = replay::replay(seed, accounts, AFFECTED)?;
    println!("{}", replay.text);
    let systems = year(seed, accounts, months)?;
    let own_cost = own_cost::own_cost()?;
    let summary = Summary { seed, accounts, months, seconds: began.elapsed().as_secs(), systems, replay, own_cost };
    println!("{summary}");
    println!("{}", summary.own_cost);
    let output = Path::new("target/simulate");
    fs::create_dir_all(output)?;
    fs::write(output.join("summary.json"), serde_json::to_string_pretty(&summary)?)?;
    fs::write(output.join("replay.txt"), format!("{}\n\n{}", summary.replay, summary.replay.text))?;
    fs::write(output.join("overspend.svg"), plot::overspend(&summary.systems)?)?;
    fs::write(output.join("time-to-act.svg"), plot::time_to_act(&summary.systems)?)?;
    Ok(())
}

/// The year of one organization under each system.
fn year(seed: u64, accounts: i64, months: i32) -> Result<Vec<Figures>, Error> {
    let world = World::new(seed, accounts, date(2026, 1, 1), months, Year::Eventful)?;
    let glitches = glitch::of_the_year(world.dice, world.members.len(), &world.refreshes);
    let lived = |name, mut method: Box<dyn Method>| Figures::of(name, &live(&world, &glitches, &mut *method));
    let bill = || Box::new(rivals::Rival::new(&world, rivals::Source::Bill));
    let budgets = || Box::new(rivals::Rival::new(&world, rivals::Source::Budgets));
    Ok(thread::scope(|scope| {
        let others = scope.spawn(|| {
            [
                lived("Cost Explorer", bill()),
                lived("AWS Budgets", budgets()),
                lived("nothing", Box::new(rivals::Nobody)),
            ]
        });
        let ours = lived("this suite", Box::new(ours::Ours::new(&world)));
        std::iter::once(ours).chain(others.join().into_iter().flatten()).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_year() {
        let first = year(1, 4, 1).unwrap();
        assert_eq!(first, year(1, 4, 1).unwrap());
        assert_ne!(first, year(2, 4, 1).unwrap());
    }

    #[test]
    fn production_is_never_stopped_for_nothing_and_spending_is_held_sooner() {
        let [ours, bill, budgets, nobody] = &year(4, 24, 1).unwrap()[..] else { panic!("four systems") };
        assert_eq!(ours.false_stops.prod, 0);
        assert!(ours.steps > 0 && bill.steps > 0 && budgets.steps > 0, "nothing happened in this month");
        assert!(ours.beyond.undone < bill.beyond.undone && bill.overspend < nobody.overspend);
        assert!((ours.beyond.sum() - ours.overspend).abs() < 1.into(), "{:?} {}", ours.beyond, ours.overspend);
    }

    #[test]
    fn accounts_that_stay_within_their_limits_are_never_acted_on() {
        let world = World::new(11, 12, date(2026, 3, 1), 1, Year::Calm).unwrap();
        let lived = live(&world, &[], &mut ours::Ours::new(&world));
        let figures = Figures::of("this suite", &lived);
        assert_eq!((figures.steps, figures.approvals_asked, figures.pages), (0, 0, Vec::new()));
    }
}
