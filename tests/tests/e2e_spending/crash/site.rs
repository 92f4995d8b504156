//! The calls of a step, and what goes wrong at them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tests::Call;

const FUNCTIONS: [&str; 3] = ["evaluate", "observe", "enforce"];

const KINDS: [&str; 4] = ["kill", "lost", "throttle", "error"];

/// Calls that change something begin like this.
const CHANGES: [&str; 16] = [
    "Add",
    "Attach",
    "Create",
    "Delete",
    "Detach",
    "Publish",
    "Put",
    "Register",
    "Resume",
    "Start",
    "Stop",
    "Suspend",
    "Tag",
    "Terminate",
    "Untag",
    "Update",
];

/// A call, by what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    pub(crate) function: String,
    pub(crate) service: String,
    pub(crate) action: String,
    /// The account stands in it, or it is made there. All others are about all accounts.
    pub(crate) of_account: bool,
    /// Calls of the same kind before it.
    pub(crate) skip: u32,
}

/// The cells of steps that follow one another. Each changing call of enforcement is struck by a kill in each step; of every
/// other kind of call, and in every other way, the first one is struck, and a look into an account in each service once.
#[derive(Default)]
pub(crate) struct Sites {
    seen: BTreeSet<(String, String, String)>,
    reads: usize,
}

impl Sites {
    /// The cells of the step that made these calls.
    pub(crate) fn of(&mut self, record: &[Call], account: &str) -> VecDeque<(Site, &'static str)> {
        let mut count: BTreeMap<Site, u32> = BTreeMap::new();
        let mut cells = VecDeque::new();
        for call in record {
            let Some(mut site) = site(call, account) else { continue };
            let before = count.entry(site.clone()).or_default();
            site.skip = *before;
            *before += 1;
            let looks = site.function == "observe" && !site.changes();
            let action = if looks { String::new() } else { site.action.clone() };
            let is_new = self.seen.insert((site.function.clone(), site.service.clone(), action));
            cells.extend(self.kinds(&site, is_new).into_iter().map(|kind| (site.clone(), kind)));
        }
        cells
    }

    fn kinds(&mut self, site: &Site, is_new: bool) -> Vec<&'static str> {
        if !site.changes() {
            self.reads += usize::from(is_new);
            return is_new.then(|| KINDS[self.reads % KINDS.len()]).into_iter().collect();
        }
        if is_new {
            return KINDS.to_vec();
        }
        if site.function == "enforce" && site.of_account { vec!["kill"] } else { Vec::new() }
    }
}

impl Site {
    fn changes(&self) -> bool {
        CHANGES.iter().any(|verb| self.action.starts_with(verb))
    }
}

fn site(call: &Call, account: &str) -> Option<Site> {
    let function = call.function.clone().filter(|function| FUNCTIONS.contains(&function.as_str()))?;
    let about = call.resource.as_deref().unwrap_or_default();
    let of_account = match (call.service.as_str(), call.action.as_str()) {
        ("dynamodb", _) if about.contains(account) => true,
        // About another account.
        ("dynamodb", _) if about.split('#').skip(1).any(|part| part.len() == 12 && is_number(part)) => return None,
        ("dynamodb" | "ce" | "ssm", _) | (_, "ListAccounts") => false,
        ("organizations" | "events" | "sns" | "states" | "sts", _) => true,
        _ if call.account.as_deref() == Some(account) => true,
        _ => return None,
    };
    Some(Site { function, service: call.service.clone(), action: call.action.clone(), of_account, skip: 0 })
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
