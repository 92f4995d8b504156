//! Thirty requests at the same moment: exactly the distinct accounts, a conflict for each of the rest, never more
//! creations at once than AWS allows, none lost.

use landing_zone::AccountType;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tests::{Answer, Call, Stack, request, unique};

/// Fifteen accounts, one every half second of local time.
const LONGEST: Duration = Duration::from_mins(5);
/// What AWS Organizations makes at once.
const SLOTS: usize = 5;
const DISTINCT: usize = 15;
const REPEATED: usize = 10;
const TAKEN: usize = 5;

/// The requests: fifteen, ten of them again with the same key, and five that want the root e-mail of the other five.
fn burst(stem: &str) -> Vec<(String, Value)> {
    let ai = AccountType::all().filter(|kind| !kind.is_core()).collect::<Vec<_>>();
    let one = |n: usize, separator: &str| {
        let name = format!("{stem}{separator}{n}");
        let request = request(&name, ai[n % ai.len()].id(), Some(["dev", "test", "prod"][n % 3]));
        (name, request)
    };
    let distinct = (0..DISTINCT).map(|n| one(n, "-"));
    let repeated = (0..REPEATED).map(|n| one(n, "-"));
    // Another name, but the same slug and so the same root e-mail.
    let taken = (REPEATED..REPEATED + TAKEN).map(|n| one(n, "."));
    distinct.chain(repeated).chain(taken).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_requests_at_once_make_exactly_the_distinct_accounts() {
    let stack = Stack::load();
    let (api, gateway, stem) = (stack.api(), stack.gateway(), unique("burst"));
    let (mark, began) = (gateway.mark().await, Instant::now());
    let posts = burst(&stem).into_iter().map(|(key, request)| {
        let api = api.clone();
        tokio::spawn(async move {
            let answer = api.post_with("/accounts", &[("idempotency-key", &key)], &request).await;
            (request["name"].as_str().unwrap().to_owned(), answer)
        })
    });
    let mut answers = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        answers.push(post.await.expect("an answer"));
    }
    let posted = began.elapsed();
    let accepted = check_answers(&answers);
    let mut accounts = BTreeMap::new();
    for (name, id) in &accepted {
        let record = api.follow(id, LONGEST, |_| ()).await;
        assert_eq!(record["state"], "ACTIVE", "{record}");
        accounts.insert(name.clone(), record["accountId"].as_str().unwrap().to_owned());
    }
    let ended = began.elapsed();
    assert_eq!(in_organization(&stack, &stem).await, accounts);

    let calls = gateway.calls(mark).await;
    let (made, at_once) = creations(&calls, &stem);
    assert_eq!(made, DISTINCT, "calls of CreateAccount that took effect");
    assert!((1..=SLOTS).contains(&at_once), "{at_once} creations at once");
    let refused = calls.iter().filter(|call| call.action == "CreateAccount" && call.status != Some(200)).count();
    let conflicts = answers.iter().filter(|(_, answer)| answer.status == 409).count();
    eprintln!(
        "{} requests posted in {:.1} s: {} accounts, {conflicts} conflicts, {} repeats answered with their request, 0 lost; \
         {made} CreateAccount calls took effect, {refused} were refused by AWS, at most {at_once} creations at once; \
         all ended after {:.1} s",
        answers.len(),
        posted.as_secs_f64(),
        accounts.len(),
        answers.len() - accounts.len() - conflicts,
        ended.as_secs_f64(),
    );
}

/// The accepted requests by name. Repeats have the id of their twin, the others the conflict with its holder.
fn check_answers(answers: &[(String, Answer)]) -> BTreeMap<String, String> {
    let (mut accepted, mut conflicts) = (BTreeMap::<String, String>::new(), Vec::new());
    for (name, answer) in answers {
        match answer.status {
            202 => {
                let id = answer.text("requestId");
                let first = accepted.entry(name.clone()).or_insert_with(|| id.to_owned());
                assert_eq!(first, id, "{name} became two requests");
            }
            409 => {
                assert!(answer.text("type").ends_with("/root-email-taken"), "{name}: {}", answer.body);
                conflicts.push(answer.text("holder"));
            }
            other => panic!("{name}: {other} {}", answer.body),
        }
    }
    assert_eq!((accepted.len(), conflicts.len()), (DISTINCT, TAKEN));
    let ids: BTreeSet<&str> = accepted.values().map(String::as_str).collect();
    assert_eq!(ids.len(), DISTINCT, "two names share a request");
    assert!(conflicts.iter().all(|holder| ids.contains(holder)), "{conflicts:?} are not all of {ids:?}");
    accepted
}

/// The accounts of this burst that AWS shows, by name.
async fn in_organization(stack: &Stack, stem: &str) -> BTreeMap<String, String> {
    let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let mut pages = organizations.list_accounts().into_paginator().send();
    let mut accounts = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for account in page.expect("ListAccounts").accounts.unwrap_or_default() {
            let (name, id) = (account.name.expect("a name"), account.id.expect("an id"));
            if name.starts_with(stem) {
                assert!(accounts.insert(name, id).is_none(), "two accounts of one name");
            }
        }
    }
    accounts
}

/// How many calls of `CreateAccount` took effect, and the most creations that were on their way at once: from the call
/// to the last question about it, which is the one that saw its end.
fn creations(calls: &[Call], stem: &str) -> (usize, usize) {
    let began: Vec<&Call> = calls
        .iter()
        .filter(|call| call.action == "CreateAccount" && call.status == Some(200))
        .filter(|call| call.resource.as_deref().is_some_and(|name| name.starts_with(stem)))
        .collect();
    let mut ended = BTreeMap::new();
    for call in calls.iter().filter(|call| call.action == "DescribeCreateAccountStatus" && call.status == Some(200)) {
        ended.insert(call.resource.clone().expect("a car- id"), call.at);
    }
    assert_eq!(ended.len(), began.len(), "each creation is asked about under one id");
    let mut moments: Vec<(i64, i32)> =
        began.iter().map(|call| (call.at, 1)).chain(ended.values().map(|at| (*at, -1))).collect();
    moments.sort_unstable();
    let (mut now, mut most) = (0_i32, 0);
    for (_, change) in moments {
        now += change;
        most = most.max(now);
    }
    assert_eq!(now, 0, "every creation has ended");
    (began.len(), usize::try_from(most).unwrap())
}
