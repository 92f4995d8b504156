//! From a signed POST to an account in use: one of every type, over all environments, seen from outside (API, AWS,
//! events, logs) and timed.

mod announced;
mod logs;
mod measure;
mod person;

use announced::Heard;
use jiff::Timestamp;
use landing_zone::AccountType;
use measure::Measure;
use person::Person;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tests::{Api, Observed, Stack, inside, request, unique};

/// A vend takes about ten seconds of local time.
const LONGEST: Duration = Duration::from_mins(2);
/// What the median is of.
const VENDS: usize = 20;
/// The workflow, step by step.
const STEPS: [&str; 10] =
    ["reserve", "slot", "create", "quarantine", "probe", "member-roles", "profile", "verify", "place", "announce"];

/// A request and what became of it.
pub(crate) struct Vended {
    pub request: Value,
    pub record: Value,
}

impl Vended {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.record[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.record))
    }
}

/// One request of every account type, AI types in turn for each environment, then more of them up to the number.
fn plan() -> Vec<Value> {
    let environments = ["dev", "test", "prod"];
    let ai = AccountType::all().filter(|kind| !kind.is_core()).collect::<Vec<_>>();
    let all = AccountType::all().chain(ai.iter().copied().cycle());
    let mut turn = 0;
    let requests = all.take(VENDS).map(|kind| {
        let environment = (!kind.is_core()).then(|| {
            turn += 1;
            // One more after each round, or every type would meet the same environment again.
            environments[(turn - 1 + (turn - 1) / ai.len()) % 3]
        });
        request(&unique(kind.id()), kind.id(), environment)
    });
    requests.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_and_environment_is_vended_verified_announced_and_logged() {
    let stack = Stack::load();
    let (heard, person) = (Heard::start(&stack).await, Person::with_requester_policy(&stack).await);
    let (mut vended, mut measures) = (Vec::new(), Vec::new());
    for request in plan() {
        let (one, measure) = vend(&stack, &person.api, request).await;
        eprintln!("{:<34} {} {measure}", one.text("name"), one.text("accountId"));
        check_record(&person.api, &one).await;
        check_account(&stack, &one).await;
        vended.push(one);
        measures.push(measure);
    }
    let types = vended.iter().map(|one| one.text("accountType")).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(types.len(), AccountType::all().count());
    heard.all_of(&vended).await;
    heard.stop().await;
    person.leave().await;
    logs::tell_everything_and_no_address(&stack, &vended).await;
    measure::report(&measures);
}

/// Posts a request and follows it, as a user does.
async fn vend(stack: &Stack, api: &Api, request: Value) -> (Vended, Measure) {
    let gateway = stack.gateway();
    let mark = gateway.mark().await;
    let posted = Timestamp::now();
    let key = request["name"].as_str().unwrap().to_owned();
    let answer = api.post_with("/accounts", &[("idempotency-key", &key)], &request).await;
    assert_eq!((answer.status, answer.text("state")), (202, "RECEIVED"), "{}", answer.body);
    let id = answer.text("requestId").to_owned();
    assert_eq!(answer.location.as_deref(), Some(&*format!("/v1/accounts/{id}")));
    assert_eq!(answer.body["links"]["self"], format!("/v1/accounts/{id}"));
    let record = api.follow(&id, LONGEST, |_| ()).await;
    assert_eq!(record["state"], "ACTIVE", "{record}");
    let measure = measure::of(stack, &id, posted, time(&record["updatedAt"]), &gateway.calls(mark).await).await;
    (Vended { request, record }, measure)
}

/// What the API says of the request.
async fn check_record(api: &Api, vended: &Vended) {
    let record = &vended.record;
    for (field, value) in vended.request.as_object().unwrap() {
        assert_eq!(&record[field], value, "{field}");
    }
    assert_eq!(record["attempt"], 1);
    assert!(record.get("failure").is_none(), "{record}");
    let requester = vended.text("requester");
    assert!(requester.contains(":assumed-role/e2e-requester") && requester.ends_with(person::SESSION), "{requester}");
    let timeline = record["timeline"].as_array().unwrap();
    assert_eq!(timeline.iter().map(|entry| entry["step"].as_str().unwrap()).collect::<Vec<_>>(), STEPS);
    let mut before = time(&record["createdAt"]);
    for entry in timeline {
        let (started, finished) = (time(&entry["startedAt"]), time(&entry["finishedAt"]));
        assert!(before <= started && started <= finished, "{entry} after {before}");
        before = finished;
    }
    assert!(before <= time(&record["updatedAt"]));
    let by_account = api.get(&format!("/accounts/{}", vended.text("accountId"))).await;
    assert_eq!((by_account.status, &by_account.body), (200, record));
}

/// What AWS says of the account.
async fn check_account(stack: &Stack, vended: &Vended) {
    let account = vended.text("accountId");
    let kind = AccountType::parse(vended.text("accountType")).unwrap();
    let environment = vended.record.get("environment").and_then(Value::as_str);
    let unit = kind.unit(environment.map(|text| landing_zone::Environment::parse(text).unwrap())).unwrap();
    let tags = json!({
        "account-type": kind.id(), "cost-center": "CC-4711", "data-classification": "internal",
        "environment": environment.unwrap_or("core"), "managed-by": "ai-landing-zone", "owner": "team-web@example.com",
        "vending-request": vended.text("requestId"), "team": "web",
    });
    let contacts = json!({
        "SECURITY": "security@example.com", "BILLING": "billing@example.com", "OPERATIONS": "operations@example.com",
    });
    let expected = Observed {
        name: vended.text("name").to_owned(),
        email: format!("aws+{}@example.com", vended.text("name")),
        unit: unit.as_str().to_owned(),
        tags: serde_json::from_value::<BTreeMap<_, _>>(tags).unwrap(),
        contacts: serde_json::from_value::<BTreeMap<_, _>>(contacts).unwrap(),
    };
    assert_eq!(Observed::of(stack, account).await, expected);
    assert_eq!(vended.text("organizationalUnit"), expected.unit);
    assert_eq!(vended.text("rootEmail"), expected.email);
    check_member_roles(stack, account).await;
}

/// The stack of the suite's roles, and the role through which the account was read back.
async fn check_member_roles(stack: &Stack, account: &str) {
    let config = inside(stack, account).await;
    let stacks = aws_sdk_cloudformation::Client::new(&config).describe_stacks().send().await.expect("DescribeStacks");
    let stacks = stacks.stacks().iter().map(|stack| (stack.stack_name(), stack.stack_status())).collect::<Vec<_>>();
    let complete = aws_sdk_cloudformation::types::StackStatus::CreateComplete;
    assert_eq!(stacks, [(Some("ai-landing-zone-member-roles"), Some(&complete))]);
    let role = aws_sdk_iam::Client::new(&config).get_role().role_name("AiLandingZone-verification").send().await;
    let role = role.expect("GetRole").role.expect("a role");
    assert_eq!(role.arn, format!("arn:aws:iam::{account}:role/AiLandingZone-verification"));
    let trust = role.assume_role_policy_document.unwrap_or_default();
    let trust = percent_encoding::percent_decode_str(&trust).decode_utf8_lossy();
    assert!(trust.contains(":role/ai-landing-zone-verify\""), "{trust}");
}

pub(crate) fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}
