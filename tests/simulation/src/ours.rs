//! The suite itself: `finops::decide` for every account and `finops::hold_together`, each hour. Only what surrounds them,
//! reading and acting, is played.

use crate::{
    bill::{ai_by_day, currency, days_of, forget, month_of},
    case::Case,
    hour::Hour,
    meter::Eye,
    run::{Look, Method},
    world::World,
};
use finops::{
    Anomaly, Budget, Calibration, Costs, Decision, Direction, Facts, Holder, InPlace, Mode, Observed, Outcome, Page,
    Record, Since, Stage, Step, Switch, Verdict, calibrate, decide, guardrails_of, hold_together,
};
use std::{collections::BTreeMap, thread};

/// The bill is read so often, at first from the beginning of the month: each request costs, and AWS refreshes it three
/// times a day.
const READS: [usize; 4] = [1, 7, 13, 19];

/// Days that the meter is compared with the bill on.
const CALIBRATED_DAYS: i32 = 35;

/// What the suite has on record about one account.
struct Known {
    eye: Eye,
    costs: Costs,
    observed: Option<Observed>,
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
            calibration: Calibration::default(),
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
        let first_of_day = READS.first() == Some(&look.hour.of_day());
        let window = if first_of_day { month_of(today) } else { days_of(today) };
        let bills: Vec<_> = cases.iter().map(|case| case.bill.read(window, look, case.number)).collect();
        let through = bills.iter().filter_map(|days| days.keys().next_back().copied()).max();
        for (known, days) in self.known.iter_mut().zip(bills) {
            known.costs.take(window, days, through, look.hour.after_end(10));
            forget(&mut known.costs, today);
            // Whole days change once a day.
            let Some(observed) = known.observed.as_ref().filter(|_| first_of_day) else { continue };
            known.calibration = calibrate(&observed.ai_services, &ai_by_day(&known.costs, CALIBRATED_DAYS));
        }
    }

    /// Looks into all accounts and decides about them, and does what follows.
    pub(crate) fn evaluate(&mut self, cases: &mut [Case<'_>], look: &Look<'_>) {
        let mut decisions = self.decide_each(cases, look);
        if !look.acts {
            return;
        }
        for page in hold_together(&mut decisions, Switch::On) {
            self.told.entry(page.key.clone()).or_insert(page);
        }
        let there = self.known.iter_mut().zip(cases.iter_mut()).filter(|(_, case)| case.exists(look.hour));
        for ((known, case), decision) in there.zip(&decisions) {
            known.follow(decision, case, look.hour);
        }
        self.decided += decisions.len();
        self.decisions = decisions;
    }

    /// Accounts know nothing of each other: each half has its processor.
    fn decide_each(&mut self, cases: &[Case<'_>], look: &Look<'_>) -> Vec<Decision> {
        let (half, hour) = (cases.len().div_ceil(2).max(1), look.hour);
        let decide = |(known, case): (&mut Known, &Case<'_>)| {
            known.observe(case, hour);
            look.acts.then(|| known.decide(case, hour))
        };
        let decide_half = |(known, cases): (&mut [Known], &[Case<'_>])| {
            let there = known.iter_mut().zip(cases).filter(|(_, case)| case.exists(hour));
            there.filter_map(decide).collect::<Vec<_>>()
        };
        let Some((first, second)) = self.known.split_at_mut_checked(half) else { return Vec::new() };
        let (cases, others) = cases.split_at(half.min(cases.len()));
        thread::scope(|scope| {
            let other = scope.spawn(|| decide_half((second, others)));
            let mut decisions = decide_half((first, cases));
            decisions.extend(other.join().into_iter().flatten());
            decisions
        })
    }
}

impl Method for Ours {
    fn look(&mut self, cases: &mut [Case<'_>], look: &Look<'_>) {
        if READS.contains(&look.hour.of_day()) {
            self.read_bills(cases, look);
        }
        self.evaluate(cases, look);
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
                let needed = guardrails_of(step.to).iter().copied();
                self.in_place.guardrails = needed.collect();
                self.record.guardrails = guardrails_of(step.to).iter().map(|id| (*id, Holder::Ours)).collect();
                if step.direction != Direction::Again {
                    case.bring(step.to, hour);
                }
            }
            Outcome::Settled | Outcome::Held | Outcome::Would => {}
        }
    }
}
