//! July 2026: wrong prices showed about a trillion dollars for one day of 40 accounts. Budgets and anomaly detection told of
//! it, and two days later it was corrected. Nobody had spent anything unusual.

use crate::{
    case::Case,
    glitch::{Glitch, Wrong},
    hour::Hour,
    letters,
    ours::Ours,
    run::{Look, Method, live},
    words::explained,
    world::{Error, World, Year},
};
use finops::{Anomaly, Budget, Notice, Outcome, Page, Window, notice_in};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The day that was shown wrongly.
const DAY: Date = date(2026, 7, 16);

/// Days that are played: two with wrong figures, and those in which they are believed again.
const DAYS: i64 = 8;

/// Hours until the figures are corrected.
const WRONG_HOURS: i64 = 51;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replay {
    pub accounts: usize,
    /// Accounts whose bill was wrong.
    pub affected: usize,
    pub evaluations: usize,
    pub budget_alerts: usize,
    pub anomaly_notices: usize,
    /// Messages that could not be read.
    pub rejected: usize,
    /// Steps that were taken against any account.
    pub actions: usize,
    pub approvals_asked: usize,
    /// Owners who were told that they spent too much.
    pub letters: usize,
    pub pages: usize,
    /// Affected accounts whose decision says why nothing was done.
    pub explained: usize,
    /// Decisions that leave a rule or a rail without its reason.
    pub unexplained: usize,
    /// How all decisions of these days ended.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Hours from the correction until every figure was believed again.
    pub believed_after: Option<i64>,
    /// Each decision in words.
    #[serde(skip)]
    pub text: String,
}

/// The suite, and the queue that its doorbells ring from.
struct Incident {
    ours: Ours,
    begins: Hour,
    /// When decisions are looked at: all that was wrong is told, and nothing is corrected.
    shown: Hour,
    affected: BTreeSet<usize>,
    messages: BTreeMap<Hour, Vec<String>>,
    numbers: BTreeMap<String, usize>,
    replay: Replay,
}

/// Plays the days for an organization of so many accounts, of which so many were affected.
pub(crate) fn replay(seed: u64, accounts: i64, affected: usize) -> Result<Replay, Error> {
    let mut world = World::new(seed, accounts, date(2026, 7, 1), 1, Year::Calm)?;
    let begins = Hour::first_of(date(2026, 7, 17));
    world.ends = begins.later(DAYS * 24);
    let step = (world.members.len() / affected.max(1)).max(1);
    let affected: BTreeSet<usize> = (0..world.members.len()).step_by(step).take(affected).collect();
    let glitches: Vec<Glitch> = affected.iter().map(|number| wrong(&world, *number, begins)).collect();
    let numbers = world.members.iter().enumerate();
    let mut incident = Incident {
        ours: Ours::new(&world),
        begins,
        shown: begins.later(36),
        messages: messages(&world, &affected, begins),
        numbers: numbers.map(|(number, member)| (member.account.id.to_string(), number)).collect(),
        replay: Replay {
            accounts: world.members.len(),
            affected: affected.len(),
            evaluations: 0,
            budget_alerts: 0,
            anomaly_notices: 0,
            rejected: 0,
            actions: 0,
            approvals_asked: 0,
            letters: 0,
            pages: 0,
            explained: 0,
            unexplained: 0,
            outcomes: BTreeMap::new(),
            believed_after: None,
            text: String::new(),
        },
        affected,
    };
    let lived = live(&world, &glitches, &mut incident);
    Ok(incident.end(&lived.cases))
}

/// What was shown for an account: about a trillion.
fn amount(world: &World, number: usize) -> Decimal {
    let mut draw = world.dice.about("incident").of(i64::try_from(number).unwrap_or_default());
    Decimal::new(104_629_412_333_095, 2) * draw.factor(800, 1_900)
}

fn wrong(world: &World, number: usize, begins: Hour) -> Glitch {
    Glitch {
        from: begins.later(3),
        until: begins.later(WRONG_HOURS),
        days: Window { start: DAY, end: DAY.tomorrow().unwrap_or(DAY) },
        accounts: Some([number].into()),
        wrong: Wrong::Amount(amount(world, number).round_dp(2)),
    }
}

/// All messages: an anomaly for each account, twice, and every alert of its budget.
fn messages(world: &World, affected: &BTreeSet<usize>, begins: Hour) -> BTreeMap<Hour, Vec<String>> {
    let mut queue: BTreeMap<Hour, Vec<String>> = BTreeMap::new();
    let today = DAY.tomorrow().unwrap_or(DAY);
    for (number, member) in world.members.iter().enumerate().filter(|(number, _)| affected.contains(number)) {
        let (amount, id, budget) = (amount(world, number).round_dp(2), member.account.id.as_str(), &member.budget);
        let anomaly = letters::anomaly(id, &member.account.name, DAY, amount);
        queue.entry(begins.later(7)).or_default().push(anomaly.clone());
        queue.entry(begins.later(31)).or_default().push(anomaly);
        for (after, kind, percent) in alerts(budget) {
            let threshold = budget.limit * percent / Decimal::ONE_HUNDRED;
            let letter = letters::budget(id, kind, budget.limit, threshold, amount, today);
            queue.entry(begins.later(after)).or_default().push(letter);
        }
    }
    queue
}

/// The alerts of a budget, with the hours after which they come.
fn alerts(budget: &Budget) -> Vec<(i64, &'static str, Decimal)> {
    let reported = budget.stages.values().flatten().filter_map(|condition| condition.reported_percent);
    let forecast = budget.stages.values().flatten().filter_map(|condition| condition.forecast_percent);
    let actual = reported.map(|percent| (12, "ACTUAL", percent));
    actual.chain(forecast.map(|percent| (14, "FORECASTED", percent))).collect()
}

impl Method for Incident {
    fn look(&mut self, cases: &mut [Case<'_>], look: &Look<'_>) {
        let messages = self.messages.remove(&look.hour).unwrap_or_default();
        for body in &messages {
            self.hear(body, look.hour);
        }
        self.ours.look(cases, look);
        if look.hour < self.begins {
            return;
        }
        self.count(look.hour);
        // Messages ring the bell, and all is evaluated once more.
        if !messages.is_empty() {
            self.ours.evaluate(cases, look);
            self.count(look.hour);
        }
        if look.hour == self.shown {
            self.explain(cases);
        }
    }
}

impl Incident {
    /// A message is a bell that rings; an anomaly is also a signal about the accounts that it names.
    fn hear(&mut self, body: &str, hour: Hour) {
        match notice_in(body) {
            Ok(Notice::Budget(_)) => self.replay.budget_alerts += 1,
            Ok(Notice::Anomaly(notice)) => {
                self.replay.anomaly_notices += 1;
                for cause in &notice.causes {
                    let Some(number) = self.numbers.get(cause.account.as_str()) else { continue };
                    let anomaly = Anomaly {
                        id: notice.id.clone(),
                        told_at: hour.after_end(0),
                        start: notice.start,
                        service: cause.service.clone(),
                        impact: cause.contribution.unwrap_or(notice.impact),
                    };
                    self.ours.hear(*number, anomaly);
                }
            }
            Ok(Notice::Ignored(_)) | Err(_) => self.replay.rejected += 1,
        }
    }

    fn count(&mut self, hour: Hour) {
        self.replay.evaluations += 1;
        for decision in &self.ours.decisions {
            *self.replay.outcomes.entry(decision.outcome.id()).or_default() += 1;
            let mut reasons =
                decision.rules.iter().map(|rule| &rule.because).chain(decision.rails.iter().map(|rail| &rail.because));
            let lacks = decision.rules.is_empty() || decision.rails.is_empty() || reasons.any(String::is_empty);
            self.replay.unexplained += usize::from(lacks);
        }
        if self.ours.decisions.iter().any(|decision| decision.doubted.is_some()) {
            self.replay.believed_after = None;
        } else {
            let since = hour.since(self.begins.later(WRONG_HOURS));
            self.replay.believed_after.get_or_insert(since);
        }
    }

    fn explain(&mut self, cases: &[Case<'_>]) {
        for (case, decision) in
            cases.iter().zip(&self.ours.decisions).filter(|(case, _)| self.affected.contains(&case.number))
        {
            self.replay.text += &explained(case, decision);
            let says =
                decision.doubted == Some(DAY) && decision.held_by().iter().any(|rail| rail.starts_with("plausible"));
            self.replay.explained += usize::from(says && decision.outcome != Outcome::Act);
        }
    }

    fn end(self, cases: &[Case<'_>]) -> Replay {
        let pages: Vec<&Page> = self.ours.told.values().collect();
        let text = pages.iter().map(|page| format!("Page {}\n{}\n{}\n\n", page.key, page.subject, page.text));
        let head =
            text.collect::<String>() + "Decisions about the accounts whose bill is wrong, 36 hours after it began\n\n";
        Replay {
            actions: cases.iter().map(|case| case.steps + case.releases).sum(),
            approvals_asked: cases.iter().map(|case| case.people.asked).sum(),
            letters: cases.iter().map(|case| case.people.letters()).sum(),
            pages: pages.len(),
            text: head + &self.replay.text,
            ..self.replay
        }
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, affected, evaluations, budget_alerts, anomaly_notices, rejected, .. } = self;
        writeln!(f, "July 2026: a trillion on one day in {affected} of {accounts} accounts, for two days")?;
        writeln!(f, "  {budget_alerts} budget alerts, {anomaly_notices} anomaly notices, {rejected} not readable")?;
        writeln!(f, "  {evaluations} evaluations in {DAYS} days; decisions: {:?}", self.outcomes)?;
        writeln!(f, "  enforcement actions: {}   approvals asked: {}", self.actions, self.approvals_asked)?;
        writeln!(f, "  pages to people: {}   letters to owners: {}", self.pages, self.letters)?;
        writeln!(f, "  affected accounts whose decision explains it: {} of {affected}", self.explained)?;
        writeln!(f, "  decisions that leave a rule or a rail without its reason: {}", self.unexplained)?;
        let believed = self.believed_after.map_or("never".to_owned(), |hours| format!("{hours} hours"));
        write!(f, "  all figures are believed again {believed} after they were corrected")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_one_page_is_sent_and_all_is_explained() {
        let replay = replay(7, 20, 10).unwrap();
        assert_eq!((replay.actions, replay.approvals_asked, replay.letters), (0, 0, 0), "{replay}");
        assert_eq!((replay.pages, replay.explained, replay.affected), (1, 10, 10), "{replay}");
        assert_eq!(replay.unexplained, 0);
        assert!(replay.believed_after.is_some_and(|hours| hours > 0), "{replay}");
        assert_eq!((replay.budget_alerts, replay.anomaly_notices, replay.rejected), (50, 20, 0));
        assert!(!replay.outcomes.contains_key("act") && replay.outcomes["held"] > 0, "{replay}");
    }
}
