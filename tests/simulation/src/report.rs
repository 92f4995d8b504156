//! The table for people and the document for machines.

use crate::{
    figures::{ByEnvironment, Figures},
    own_cost::OwnCost,
    replay::Replay,
};
use serde::Serialize;
use std::fmt;

/// Everything that came out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub seed: u64,
    pub accounts: i64,
    pub months: i32,
    /// How long all of it took.
    pub seconds: u64,
    pub systems: Vec<Figures>,
    pub replay: Replay,
    /// What FinOps costs itself.
    pub own_cost: OwnCost,
}

impl Summary {
    fn row(&self, f: &mut fmt::Formatter<'_>, what: &str, figure: impl Fn(&Figures) -> String) -> fmt::Result {
        write!(f, "| {what:<44} |")?;
        for figures in &self.systems {
            write!(f, " {:>20} |", figure(figures))?;
        }
        writeln!(f)
    }

    fn times(&self, f: &mut fmt::Formatter<'_>, place: usize) -> fmt::Result {
        let time = |figures: &Figures| figures.time_to_act.get(place).cloned();
        let what = self.systems.first().and_then(time).map_or("", |time| time.what);
        self.row(f, &format!("{what}: hours, median / p90"), |figures| {
            time(figures).map_or_else(String::new, |time| spread(time.hours.median, time.hours.p90))
        })?;
        self.row(f, "    due / early / left from before / never", |figures| {
            time(figures).map_or_else(String::new, |time| {
                format!("{} / {} / {} / {}", time.crossed, time.early, time.carried, time.never)
            })
        })
    }
}

fn by_environment(count: &ByEnvironment) -> String {
    format!("{} / {} / {}", count.prod, count.test, count.dev)
}

fn spread(median: Option<i64>, p90: Option<i64>) -> String {
    median.zip(p90).map_or_else(|| "-".to_owned(), |(median, p90)| format!("{median} / {p90}"))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, accounts, months, seconds, .. } = self;
        let decisions: usize = self.systems.iter().map(|figures| figures.decisions).sum();
        writeln!(f, "{accounts} accounts, {months} months, {decisions} decisions, seed {seed}: {seconds} s\n")?;
        self.row(f, "", |figures| figures.system.to_owned())?;
        writeln!(f, "|{:-<46}|{}", "", format!("{:->22}|", ":").repeat(self.systems.len()))?;
        self.row(f, "False stops: PROD / TEST / DEV", |figures| by_environment(&figures.false_stops))?;
        self.row(f, "    below 90 % of the limit of the stage", |figures| by_environment(&figures.false_stops_by_far))?;
        self.row(f, "    while the bill was right", |figures| by_environment(&figures.false_stops_on_good_days))?;
        self.row(f, "Hours held below the limit: early", |figures| figures.hours_held_early.to_string())?;
        self.row(f, "    still from the month before", |figures| figures.hours_held_over.to_string())?;
        self.row(f, "Overspend of DEV and TEST, USD", |figures| figures.overspend.round().to_string())?;
        self.row(f, "    nothing was done yet", |figures| figures.beyond.undone.round().to_string())?;
        self.row(f, "    next stage waited for people, or refused", |figures| {
            figures.beyond.waiting.round().to_string()
        })?;
        self.row(f, "    left running by the stage that was due", |figures| figures.beyond.left.round().to_string())?;
        self.row(f, "    percent of the limits passed", |figures| figures.overspend_percent.to_string())?;
        self.row(f, "    periods that ended over the limit", |figures| figures.periods_over.to_string())?;
        for place in 0..self.systems.first().map_or(0, |figures| figures.time_to_act.len()) {
            self.times(f, place)?;
        }
        self.row(f, "Release in the new period: hours", |figures| spread(figures.release.median, figures.release.p90))?;
        self.row(f, "Steps / releases", |figures| format!("{} / {}", figures.steps, figures.releases))?;
        self.row(f, "Approvals asked", |figures| figures.approvals_asked.to_string())?;
        self.row(f, "Letters to owners / pages", |figures| format!("{} / {}", figures.letters, figures.pages.len()))?;
        writeln!(f, "\n{}", self.replay)
    }
}
