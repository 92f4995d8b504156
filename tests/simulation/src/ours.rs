//! The suite itself: `finops::decide` for every account and `finops::hold_together`, each hour. Only what surrounds them,
//! reading and acting, is played.

use crate::{
    bill::{ai_by_day, currency},
    case::Case,
    hour::Hour,
    meter::Eye,
    run::{Look, Method},
    world::World,
};
use finops::{
    Anomaly, Budget, Calibration, Costs, Decision, Direction, Facts, Holder, InPlace, Mode, Observed, Outcome, Page, Record,
    Since, Stage, Step, Switch, Verdict, Window, calibrate, decide, guardrails_of, hold_together,
};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, thread};

/// The bill is read so often, and each request costs: AWS refreshes it three times a day.
const READS: [usize; 4] = [1, 7, 13, 19];

/// Days that the meter is compared with the bill on.
const CALIBRATED_DAYS: i32 = 35;

/// What the suite has on record about one account.
struct Known {
    eye: Eye,
    costs: Costs,
    observed: Option<Observed>,
    /// What it saw of AI services, by day.
    ai_services: BTreeMap<Date, Decimal>,
    calibration: Calibration,
    record: Record,
    called_since: BTreeMap<Stage, Since>,
    in_place: InPlace,
    anomalies: Vec<Anomaly>,
    /// The step that somebody was asked to approve.
    asked: Option<Step>,
}

pub(crate) struct Ours {
    known: Vec<Known>,
    /// Pages that people got, by key: the ledger tells each once.
    pub told: BTreeMap<String, Page>,
    /// The decisions of the last hour.
    pub decisions: Vec<Decision>,
    decided: usize,
}

impl Ours {
    pub(crate) fn new(world: &World) -> Self {
        let known = world.members.iter().map(|member| Known {
            eye: Eye::new(member.dice, world.dice),
            costs: Costs { currencies: currency(), ..Costs::new(member.account.id.clone(), world.begins.begins()) },
            observed: None,
            ai_services: BTreeMap::new(),
            calibration: Calibration { factor: Decimal::ONE, days: 0, calibrated: false },
            record: Record::new(member.account.id.clone()),
            called_since: BTreeMap::new(),
            in_place: InPlace::default(),
            anomalies: Vec::new(),
            asked: None,
        });
        Self { known: known.collect(), told: BTreeMap::new(), decisions: Vec::new(), decided: 0 }
    }

    /// An anomaly is told of an account.
    pub(crate) fn hear(&mut self, number: usize, anomaly: Anomaly) {
        if let Some(known) = self.known.get_mut(number) {
            known.anomalies.retain(|other| other.id != anomaly.id);
            known.anomalies.push(anomaly);
        }
    }

    fn read_bills(&mut self, cases: &[Case<'_>], look: &Look<'_>) {
        let today = look.hour.day();
        let from = today.first_of_month().min(today.saturating_sub(6.days()));
        let window = Window { start: from, end: today.saturating_add(1.day()) };
        let bills: Vec<_> =
            cases.iter().map(|case| case.bill.read(window, look.glitches, case.number, look.hour)).collect();
        let through: Option<Date> = bills.iter().filter_map(|days| days.keys().next_back().copied()).max();
        for ((known, case), days) in self.known.iter_mut().zip(cases).zip(bills) {
            known.costs.take(window, days, through, look.hour.after_end(10));
            known.ai_services.extend(known.eye.ai_services(&case.truth, look.hour));
            let oldest = today.saturating_sub(CALIBRATED_DAYS.days());
            known.ai_services.retain(|day, _| *day >= oldest);
            known.calibration = calibrate(&known.ai_services, &ai_by_day(&known.costs, CALIBRATED_DAYS));
        }
    }

    /// Decides about all accounts, and does what follows.
    pub(crate) fn evaluate(&mut self, cases: &mut [Case<'_>], hour: Hour) {
        // Decisions about single accounts know nothing of each other: each half has its processor.
        let half = cases.len().div_ceil(2).max(1);
        let mut decisions: Vec<Decision> = thread::scope(|scope| {
            let halves = self.known.chunks_mut(half).zip(cases.chunks(half));
            let deciding: Vec<_> =
                halves.map(|(known, cases)| scope.spawn(move || decide_each(known, cases, hour))).collect();
            deciding.into_iter().filter_map(|half| half.join().ok()).flatten().collect()
        });
        let pages = hold_together(&mut decisions, Switch::On);
        for page in pages {
            self.told.entry(page.key.clone()).or_insert(page);
        }
        let there = self.known.iter_mut().zip(cases.iter_mut()).filter(|(_, case)| case.exists(hour));
        for ((known, case), decision) in there.zip(&decisions) {
            known.follow(decision, case, hour);
        }
        self.decided += decisions.len();
        self.decisions = decisions;
    }
}

fn decide_each(known: &mut [Known], cases: &[Case<'_>], hour: Hour) -> Vec<Decision> {
    let there = known.iter_mut().zip(cases).filter(|(_, case)| case.exists(hour));
    there.map(|(known, case)| known.decide(case, hour)).collect()
}

impl Method for Ours {
    fn look(&mut self, cases: &mut [Case<'_>], look: &Look<'_>) {
        for (known, case) in self.known.iter_mut().zip(cases.iter()).filter(|(_, case)| case.exists(look.hour)) {
            known.observe(case, look.hour);
        }
        if READS.contains(&look.hour.of_day()) {
            self.read_bills(cases, look);
        }
        if look.acts {
            self.evaluate(cases, look.hour);
        }
    }

    fn pages(&self) -> Vec<String> {
        self.told.keys().cloned().collect()
    }

    fn decisions(&self) -> usize {
        self.decided
    }
}

impl Known {
    fn observe(&mut self, case: &Case<'_>, hour: Hour) {
        self.in_place.running = if case.stage >= Stage::Stop { 0 } else { case.truth.running() };
        let before = self.observed.as_ref();
        let seen = self.eye.look(&case.member.account, &case.truth, self.in_place.clone(), before, hour);
        self.observed = seen.or(self.observed.take());
    }

    fn decide(&mut self, case: &Case<'_>, hour: Hour) -> Decision {
        let now = hour.after_end(15);
        self.hear_people(case, hour);
        let meter = self.observed.as_ref().and_then(|observed| observed.meter(&self.calibration));
        let budget: &Budget = &case.budget;
        let decision = decide(&Facts {
            account: &case.member.account,
            budget,
            exemption: None,
            costs: Some(&self.costs),
            meter: meter.as_ref(),
            anomalies: &self.anomalies,
            in_place: Some(&self.in_place),
            record: &self.record,
            called_since: &self.called_since,
            mode: Mode::Enforce,
            now,
        });
        self.called_since.clone_from(&decision.called_since);
        decision
    }

    fn hear_people(&mut self, case: &Case<'_>, hour: Hour) {
        let Some(step) = &self.asked else { return };
        let Some(approved) = case.people.answer(case.period(hour), step.to, hour) else { return };
        let verdict = Verdict { approved, by: "people".to_owned(), at: hour.begins(), reason: None };
        self.record.verdicts.insert(step.id.clone(), verdict);
        self.asked = None;
    }

    /// Does what was decided, as the workflow does.
    fn follow(&mut self, decision: &Decision, case: &mut Case<'_>, hour: Hour) {
        if decision.tells() {
            case.tell(hour);
        }
        let Some(step) = &decision.step else { return };
        match decision.outcome {
            Outcome::Approval => {
                case.people.ask(decision.window.start, step.to, hour);
                self.asked = Some(step.clone());
            }
            Outcome::Act => {
                self.record.reach(step.to, decision.window, decision.limit, decision.at);
                let needed = guardrails_of(step.to).iter().map(|id| (*id).to_owned());
                self.record.guardrails = needed.map(|id| (id, Holder::Ours)).collect();
                self.in_place.guardrails = self.record.guardrails.keys().cloned().collect();
                if step.direction != Direction::Again {
                    case.bring(step.to, hour);
                }
            }
            Outcome::Settled | Outcome::Held | Outcome::Would => {}
        }
    }
}
