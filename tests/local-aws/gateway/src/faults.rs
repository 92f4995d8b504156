//! Faults that a test asks for: which calls they hit, and in which order they are used up.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::call::Call;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Refused with the service's throttling error.
    Throttle,
    /// Refused with the service's own failure, HTTP 500.
    Error,
    /// Not forwarded and never answered: the client gives up.
    Timeout,
    /// Forwarded, the effect takes place, the connection drops without an answer.
    Lost,
    /// Forwarded twice; the second answer is returned.
    Duplicate,
    /// Forwarded, the effect takes place, the calling process is killed.
    Kill,
}

/// A rule as a test posts it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    service: String,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    /// Texts that the call is about: each stands in the body or is the account it is made in. Tells calls of the same
    /// action apart, by purpose or by the one request among many at once that they serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    containing: Vec<String>,
    kind: Kind,
    /// Matching calls to let through first.
    #[serde(default)]
    skip: u32,
    /// Calls to hit after that.
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// A rule in force and how often it has struck.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    id: u64,
    #[serde(flatten)]
    rule: Rule,
    hits: u32,
    #[serde(skip)]
    seen: u32,
}

/// A call as rules look at it.
pub(crate) struct Sight<'a> {
    pub(crate) call: &'a Call,
    pub(crate) function: Option<&'a str>,
    pub(crate) account: &'a str,
    pub(crate) body: &'a [u8],
}

#[derive(Default)]
struct State {
    last_id: u64,
    faults: Vec<Fault>,
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Faults {
    state: Mutex<State>,
}

impl Faults {
    pub(crate) fn add(&self, rule: Rule) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.last_id += 1;
        let id = state.last_id;
        state.faults.push(Fault { id, rule, hits: 0, seen: 0 });
        id
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.clone()
    }

    pub(crate) fn clear(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.clear();
    }

    /// Counts the call against every rule it matches; the oldest rule that is due strikes.
    pub(crate) fn strike(&self, sight: &Sight<'_>) -> Option<Kind> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for fault in state.faults.iter_mut().filter(|fault| fault.rule.matches(sight)) {
            fault.seen += 1;
            if struck.is_none() && fault.seen > fault.rule.skip && fault.hits < fault.rule.times {
                fault.hits += 1;
                struck = Some(fault.rule.kind);
            }
        }
        struck
    }
}

impl Rule {
    fn matches(&self, sight: &Sight<'_>) -> bool {
        self.service == sight.call.service
            && self.action == sight.call.action
            && self.function.as_deref().is_none_or(|wanted| Some(wanted) == sight.function)
            && self.containing.iter().all(|text| sight.contains(text))
    }
}

impl Sight<'_> {
    fn contains(&self, text: &str) -> bool {
        self.account == text || self.body.windows(text.len().max(1)).any(|part| part == text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(action: &str) -> Call {
        Call { service: "organizations".into(), action: action.into(), resource: None }
    }

    fn strike(faults: &Faults, call: &Call, function: Option<&str>, body: &str) -> Option<Kind> {
        faults.strike(&Sight { call, function, account: "111111111111", body: body.as_bytes() })
    }

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_rule_skips_then_strikes_the_given_number_of_times() {
        let faults = Faults::default();
        let id =
            faults.add(rule(r#"{"service":"organizations","action":"MoveAccount","kind":"lost","skip":1,"times":2}"#));
        let struck: Vec<_> = (0..5).map(|_| strike(&faults, &call("MoveAccount"), None, "").is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(strike(&faults, &call("ListParents"), None, ""), None);
        let list = faults.list();
        assert_eq!(list.iter().map(|fault| (fault.id, fault.hits)).collect::<Vec<_>>(), [(id, 2)]);
    }

    #[test]
    fn a_rule_for_one_function_leaves_the_others_alone() {
        let faults = Faults::default();
        faults.add(rule(r#"{"service":"organizations","action":"MoveAccount","function":"place","kind":"kill"}"#));
        assert_eq!(strike(&faults, &call("MoveAccount"), Some("verify"), ""), None);
        assert_eq!(strike(&faults, &call("MoveAccount"), None, ""), None);
        assert_eq!(strike(&faults, &call("MoveAccount"), Some("place"), ""), Some(Kind::Kill));
    }

    #[test]
    fn a_rule_can_ask_what_the_call_is_about() {
        let faults = Faults::default();
        for texts in [r#"["ou-1","12"]"#, r#"["111111111111"]"#] {
            faults.add(rule(&format!(
                r#"{{"service":"organizations","action":"MoveAccount","kind":"lost","containing":{texts}}}"#
            )));
        }
        let struck = ["12 to ou-1", "ou-1", "ou-1 12"].map(|body| strike(&faults, &call("MoveAccount"), None, body));
        assert_eq!(struck, [Some(Kind::Lost), Some(Kind::Lost), None]);
    }

    #[test]
    fn unknown_fields_and_kinds_are_refused() {
        assert!(serde_json::from_str::<Rule>(r#"{"service":"s","action":"a","kind":"boom"}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"service":"s","action":"a","kind":"lost","time":2}"#).is_err());
    }
}
