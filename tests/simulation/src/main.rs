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
mod people;
mod plot;
mod replay;
mod report;
mod rivals;
mod run;
mod spend;
mod truth;
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

fn main() -> Result<(), Error> {
    let began = Instant::now();
    let (accounts, months) = (ACCOUNTS, MONTHS);
    let systems = year(SEED, accounts, months)?;
    let replay = replay::replay(SEED, accounts, 40)?;
    let summary = Summary {
        seed: SEED,
        accounts,
        months,
        seconds: began.elapsed().as_secs(),
        systems,
        replay,
    };
    println!("{summary}");
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
            [lived("Cost Explorer", bill()), lived("AWS Budgets", budgets()), lived("nothing", Box::new(rivals::Nobody))]
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
        let first = year(11, 12, 1).unwrap();
        assert_eq!(first, year(11, 12, 1).unwrap());
        assert_ne!(first, year(12, 12, 1).unwrap());
    }

    #[test]
    fn accounts_that_stay_within_their_limits_are_never_acted_on() {
        let world = World::new(11, 30, date(2026, 3, 1), 2, Year::Calm).unwrap();
        let lived = live(&world, &[], &mut ours::Ours::new(&world));
        let figures = Figures::of("this suite", &lived);
        assert_eq!((figures.steps, figures.approvals_asked, figures.pages), (0, 0, Vec::new()));
    }

    #[test]
    fn production_is_never_stopped_for_nothing() {
        let figures = year(11, 40, 2).unwrap();
        assert_eq!(figures[0].false_stops.prod, 0);
        assert!(figures[0].steps > 0, "nothing happened in these months");
    }
}
