//! The state machines as graphs: nothing without a time-out, a retry and a way out; no loop without a bound; no error
//! that ends in success.

use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use tests::root;

/// A state machine and its states.
struct Machine {
    name: String,
    text: String,
    document: Value,
}

/// The states of a machine, or those that each item of a Map runs through, which are a machine of their own.
struct Part {
    name: String,
    document: Value,
}

impl Machine {
    fn all() -> Vec<Self> {
        let mut machines = Vec::new();
        for entry in std::fs::read_dir(root().join("statemachines")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let document = serde_yaml_ng::from_str(&text).unwrap();
            machines.push(Self { name: path.file_name().unwrap().to_string_lossy().into_owned(), text, document });
        }
        assert!(!machines.is_empty());
        machines
    }

    fn parts(&self) -> Vec<Part> {
        let (mut parts, mut open) =
            (Vec::new(), vec![Part { name: self.name.clone(), document: self.document.clone() }]);
        while let Some(part) = open.pop() {
            for (name, state) in part.states() {
                if state["Type"] == "Map" {
                    let name = format!("{} {name}", part.name);
                    open.push(Part { name, document: state["ItemProcessor"].clone() });
                }
            }
            parts.push(part);
        }
        parts
    }
}

/// Every part of every machine.
fn parts() -> Vec<Part> {
    Machine::all().iter().flat_map(Machine::parts).collect()
}

impl Part {
    fn states(&self) -> BTreeMap<String, &Value> {
        let states = self.document["States"].as_mapping().unwrap();
        states.iter().map(|(name, state)| (name.as_str().unwrap().to_owned(), state)).collect()
    }

    fn start(&self) -> String {
        self.document["StartAt"].as_str().unwrap().to_owned()
    }
}

/// A way from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Plain,
    Bounded,
    Caught,
}

fn ways(state: &Value) -> Vec<(Way, String)> {
    let target = |value: &Value| value.as_str().map(str::to_owned);
    let mut ways = Vec::new();
    ways.extend(target(&state["Next"]).map(|next| (Way::Plain, next)));
    ways.extend(target(&state["Default"]).map(|next| (Way::Plain, next)));
    for choice in state["Choices"].as_sequence().into_iter().flatten() {
        let bounded = choice["Condition"].as_str().is_some_and(|condition| condition.contains("$check < "));
        let counts = choice["Assign"]["check"].as_str() == Some("{% $check + 1 %}");
        let way = if bounded && counts { Way::Bounded } else { Way::Plain };
        ways.extend(target(&choice["Next"]).map(|next| (way, next)));
    }
    for catcher in state["Catch"].as_sequence().into_iter().flatten() {
        ways.extend(target(&catcher["Next"]).map(|next| (Way::Caught, next)));
    }
    ways
}

fn reachable(states: &BTreeMap<String, &Value>, from: &str) -> BTreeSet<String> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(name) = open.pop() {
        if seen.insert(name.clone()) {
            let state = states.get(&name).unwrap_or_else(|| panic!("no state {name}"));
            open.extend(ways(state).into_iter().map(|(_, next)| next));
        }
    }
    seen
}

#[test]
fn every_state_is_reachable_and_every_way_leads_to_one() {
    for machine in parts() {
        let states = machine.states();
        let all: BTreeSet<String> = states.keys().cloned().collect();
        assert_eq!(reachable(&states, &machine.start()), all, "{}", machine.name);
    }
}

#[test]
fn machine_and_tasks_have_a_time_out() {
    for machine in Machine::all() {
        let whole = machine.document["TimeoutSeconds"].as_u64().unwrap_or(0);
        assert!(whole > 0, "{}", machine.name);
        for part in machine.parts() {
            for (name, state) in part.states().into_iter().filter(|(_, state)| state["Type"] == "Task") {
                let seconds = state["TimeoutSeconds"].as_u64().unwrap_or(0);
                assert!((1..=whole).contains(&seconds), "{} {name}", part.name);
            }
        }
    }
}

/// What Lambda and Step Functions call passing trouble
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>), and our own classes.
const TRANSIENT: [&str; 14] = [
    "Throttled",
    "Retryable",
    "NotReady",
    "States.Timeout",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "Lambda.Unknown",
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ResourceNotReadyException",
    "Lambda.ENILimitReachedException",
];

#[test]
fn tasks_retry_every_class_of_passing_trouble_with_jitter_and_catch_the_rest() {
    use landing_zone::Class;
    for machine in parts() {
        for (name, state) in machine.states() {
            if state["Type"] != "Task" {
                continue;
            }
            let at = format!("{} {name}", machine.name);
            let mut retried = BTreeSet::new();
            for retry in state["Retry"].as_sequence().unwrap_or_else(|| panic!("{at} has no Retry")) {
                assert_eq!(retry["JitterStrategy"], "FULL", "{at}");
                assert!((1..=10).contains(&retry["MaxAttempts"].as_u64().unwrap_or(0)), "{at}");
                assert!(retry["MaxDelaySeconds"].as_u64().is_some(), "{at}");
                for error in retry["ErrorEquals"].as_sequence().unwrap() {
                    let error = error.as_str().unwrap();
                    assert!(TRANSIENT.contains(&error), "{at} retries {error}");
                    assert!(retried.insert(error.to_owned()), "{at} names {error} twice");
                }
            }
            for class in [Class::Throttled, Class::Retryable, Class::NotReady] {
                assert!(retried.contains(class.name()), "{at} does not retry {}", class.name());
            }
            for killed in ["Runtime.ExitError", "Lambda.Unknown", "States.Timeout"] {
                assert!(retried.contains(killed), "{at} does not retry {killed}");
            }
            let caught = state["Catch"].as_sequence().unwrap_or_else(|| panic!("{at} has no Catch"));
            let all = |catcher: &Value| {
                catcher["ErrorEquals"].as_sequence().is_some_and(|all| all.contains(&"States.ALL".into()))
            };
            assert!(caught.iter().any(all), "{at}");
        }
    }
}

#[test]
fn no_error_ends_in_success() {
    for machine in parts() {
        let states = machine.states();
        let mut caught = 0;
        for (name, state) in &states {
            for (_, target) in ways(state).into_iter().filter(|(way, _)| *way == Way::Caught) {
                caught += 1;
                let ends = reachable(&states, &target);
                let succeeds = ends.iter().find(|end| states[*end]["Type"] == "Succeed" || states[*end]["End"] == true);
                assert_eq!(succeeds, None, "{} {name}", machine.name);
                assert!(ends.iter().any(|end| states[end]["Type"] == "Fail"), "{} {name}", machine.name);
            }
        }
        assert!(caught > 0, "{}", machine.name);
    }
}

#[test]
fn every_loop_counts_and_has_a_bound() {
    let mut loops = BTreeMap::new();
    for machine in parts() {
        let states = machine.states();
        let unbounded: BTreeMap<&str, Vec<String>> = states
            .iter()
            .map(|(name, state)| {
                let next = ways(state).into_iter().filter(|(way, _)| *way != Way::Bounded).map(|(_, next)| next);
                (name.as_str(), next.collect())
            })
            .collect();
        // Without the counting ways, what is left must be a tree of steps: strip states that lead nowhere until none is left.
        let mut left: BTreeSet<&str> = unbounded.keys().copied().collect();
        while let Some(done) =
            left.iter().find(|name| unbounded[*name].iter().all(|next| !left.contains(next.as_str())))
        {
            let done = *done;
            left.remove(done);
        }
        assert_eq!(left, BTreeSet::new(), "{}: a loop without a bound", machine.name);
        let counted = states.values().flat_map(|state| ways(state)).filter(|(way, _)| *way == Way::Bounded).count();
        *loops.entry(machine.name.split('.').next().unwrap().to_owned()).or_insert(0) += counted;
    }
    // These two only go forward; of every other machine the test has to see a loop.
    let straight = ["idle-sweep", "spend-evaluation"];
    for (machine, loops) in loops {
        assert_eq!(loops == 0, straight.contains(&machine.as_str()), "{machine}: the test sees {loops} loops");
    }
}

/// What an item runs into stays with the item.
#[test]
fn a_map_goes_on_when_an_item_fails_and_catches_the_rest() {
    let mut maps = 0;
    for machine in parts() {
        for (name, state) in machine.states().into_iter().filter(|(_, state)| state["Type"] == "Map") {
            maps += 1;
            let at = format!("{} {name}", machine.name);
            assert_eq!(state["ToleratedFailurePercentage"], 100, "{at}");
            assert!(state["MaxConcurrency"].as_u64().is_some_and(|most| (1..=100).contains(&most)), "{at}");
            assert_eq!(state["Catch"][0]["ErrorEquals"][0], "States.ALL", "{at}");
        }
    }
    assert!(maps > 0);
}

#[test]
fn every_substitution_is_given_and_used() {
    let templates: Vec<Value> = std::fs::read_dir(root().join("sam"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    let resources =
        || templates.iter().filter_map(|template| template["Resources"].as_mapping()).flat_map(|all| all.values());
    for machine in Machine::all() {
        let used: BTreeSet<String> = machine
            .text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
            .collect();
        let uri = format!("../statemachines/{}", machine.name);
        let deployed = resources().find(|resource| resource["Properties"]["DefinitionUri"] == *uri);
        let deployed = deployed.unwrap_or_else(|| panic!("{} is not deployed", machine.name));
        let given = deployed["Properties"]["DefinitionSubstitutions"].as_mapping().unwrap();
        let given: BTreeSet<String> = given.keys().map(|key| key.as_str().unwrap().to_owned()).collect();
        assert_eq!(used, given, "{}", machine.name);
    }
}
