use super::*;
use crate::testing::{Wire, id, later, now, observed};
use finops::{Basis, Currency, Policy, Window};
use jiff::civil::date;
use landing_zone::Environment;
use serde_json::{Value, json};

/// A row: day, account, service, amount, unit.
type Row<'a> = (&'a str, u8, &'a str, &'a str, &'a str);

fn page(rows: &[Row<'_>], next: Option<&str>) -> (u16, Value) {
    let result = |(day, account, service, amount, unit): &Row<'_>| {
        json!({"TimePeriod": {"Start": day, "End": "2026-12-01"}, "Estimated": true, "Total": {},
            "Groups": [{"Keys": [id(*account).as_str(), service],
                "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}}]})
    };
    (200, json!({"ResultsByTime": rows.iter().map(result).collect::<Vec<_>>(), "NextPageToken": next}))
}

fn failure(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "no"}))
}

const USUAL: Row<'_> = ("2026-11-19", 1, "Amazon Bedrock", "7.5", "USD");

fn wire(pages: Vec<(u16, Value)>) -> Wire {
    let wire = Wire::new();
    wire.world().accounts = vec![id(1).to_string(), id(2).to_string()];
    wire.world().pages = pages;
    wire
}

async fn asked(wire: &Wire) -> Answer {
    costs(&wire.app(), None, false).await.unwrap()
}

async fn spent(wire: &Wire, digit: u8) -> Option<String> {
    let all = Window { start: date(2020, 1, 1), end: date(2030, 1, 1) };
    let costs = wire.app().ledger.costs(&id(digit)).await.unwrap()?;
    Some(costs.spent(all, Basis::Gross).normalize().to_string())
}

#[tokio::test]
async fn every_page_is_read_an_empty_one_with_a_token_too() {
    let wire = wire(vec![page(&[], Some("2")), page(&[USUAL], Some("3")), page(&[USUAL], None)]);
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.stale, answer.why), (3, false, None));
    assert_eq!(answer.accounts, [id(1), id(2)]);
    assert_eq!(spent(&wire, 1).await.as_deref(), Some("15"));
    // Nothing was spent, and that is known.
    assert_eq!(spent(&wire, 2).await.as_deref(), Some("0"));
    let other = wire.app().ledger.costs(&id(2)).await.unwrap().unwrap();
    assert_eq!((other.through, other.read_at), (Some(date(2026, 11, 19)), now()));
    let world = wire.world();
    let tokens: Vec<_> = world.asked.iter().map(|request| request["NextPageToken"].as_str()).collect();
    assert_eq!(tokens, [None, Some("2"), Some("3")]);
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(world.asked[0]); });
}

#[tokio::test]
async fn a_bill_is_read_again_only_when_it_is_due_or_forced() {
    let wire = wire(vec![page(&[USUAL], None), page(&[USUAL], None), page(&[USUAL], None)]);
    assert_eq!(asked(&wire).await.paid, 1);
    later(239);
    let kept = asked(&wire).await;
    assert_eq!((kept.paid, kept.stale), (0, false));
    assert_eq!(costs(&wire.app(), Some(vec![id(2)]), true).await.unwrap().accounts, [id(2)]);
    later(240);
    assert_eq!(asked(&wire).await.paid, 1);
    // The second and the third were of this day: short.
    let starts: Vec<Value> = wire.world().asked.iter().map(|request| request["TimePeriod"]["Start"].clone()).collect();
    assert_eq!(starts, ["2026-10-01", "2026-11-17", "2026-11-17"]);
}

#[tokio::test]
async fn what_cannot_be_read_leaves_what_is_known() {
    for (pages, paid, why) in [
        (vec![failure("DataUnavailableException")], 1, "DataUnavailableException"),
        (vec![page(&[], None)], 1, "no costs at all"),
        (vec![page(&[("2026-11-19", 1, "AWS Lambda", "0", "USD")], None)], 1, "no costs at all"),
        (
            vec![page(&[USUAL], Some("2")), page(&[("2026-11-19", 1, "Tax", "1,200.00", "USD")], None)],
            2,
            "is no amount",
        ),
        (vec![page(&[USUAL], Some("2")), failure("DataUnavailableException")], 2, "DataUnavailableException"),
    ] {
        let wire = wire(vec![page(&[("2026-11-18", 1, "Amazon Bedrock", "4", "USD")], None)]);
        asked(&wire).await;
        let before = wire.world().items.clone();
        later(300);
        wire.world().pages = pages;
        let answer = asked(&wire).await;
        assert_eq!((answer.paid, answer.stale), (paid, true), "{answer:?}");
        assert!(answer.why.unwrap().contains(why), "{why}");
        for (id, item) in before.iter().filter(|(id, _)| id.starts_with("costs#")) {
            assert_eq!(wire.world().items[id], *item, "{why}");
        }
        // It rests, and says that what is known is old.
        later(29);
        let resting = asked(&wire).await;
        assert_eq!((resting.paid, resting.stale), (0, true));
        later(1);
        wire.world().pages = vec![page(&[USUAL], None)];
        assert!(!asked(&wire).await.stale);
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_paid() {
    let wire = wire(vec![failure("LimitExceededException"), failure("LimitExceededException"), page(&[USUAL], None)]);
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.stale), (3, false));
}

fn endless() -> Vec<(u16, Value)> {
    (0..20).map(|_| page(&[USUAL], Some("more"))).collect()
}

/// The accounts that a request names.
fn named(request: &Value) -> Vec<&str> {
    let values = request["Filter"]["And"][1]["Dimensions"]["Values"].as_array();
    values.into_iter().flatten().map(|value| value.as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_long_bill_leaves_requests_for_short_ones() {
    let first = wire(endless());
    // Nothing was ever read: there is no short way.
    let answer = asked(&first).await;
    assert_eq!((answer.paid, answer.why.as_deref()), (4, Some("4 paid requests of the day are not enough")));
    assert_eq!(spent(&first, 1).await, None);

    let wire = wire(vec![page(&[USUAL], None)]);
    asked(&wire).await;
    later(24 * 60);
    wire.world().pages = endless();
    wire.world().pages[4] = page(&[("2026-11-20", 1, "Amazon Bedrock", "2", "USD")], None);
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.waiting, answer.stale), (5, 2, false));
    // The short way read the days since the 17th anew.
    assert_eq!(spent(&wire, 1).await.as_deref(), Some("2"));
}

#[tokio::test]
async fn an_account_whose_earlier_days_were_not_read_stays_unknown() {
    let wire = wire(vec![page(&[USUAL], None)]);
    asked(&wire).await;
    wire.world().accounts.push(id(3).to_string());
    later(300);
    wire.world().pages = endless();
    wire.world().pages[0] = page(&[USUAL, ("2026-11-19", 3, "Amazon Bedrock", "9", "USD")], None);
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.waiting, answer.why), (3, 1, None));
    assert_eq!((spent(&wire, 1).await.as_deref(), spent(&wire, 3).await), (Some("7.5"), None));
}

#[tokio::test]
async fn a_new_account_is_read_whole_by_itself_also_where_it_spent_nothing() {
    for (rows, amount) in [(vec![("2026-10-05", 3, "Amazon Bedrock", "9", "USD")], "9"), (vec![], "0")] {
        let wire = wire(vec![page(&[USUAL], None)]);
        asked(&wire).await;
        wire.world().accounts.push(id(3).to_string());
        later(300);
        wire.world().pages = vec![page(&[USUAL], None), page(&rows, None)];
        let answer = asked(&wire).await;
        assert_eq!((answer.paid, answer.waiting, answer.why), (2, 0, None));
        assert_eq!(spent(&wire, 3).await.as_deref(), Some(amount));
        let costs = wire.app().ledger.costs(&id(3)).await.unwrap().unwrap();
        assert_eq!((costs.through, costs.whole_at), (Some(date(2026, 11, 19)), Some(now())));
        let world = wire.world();
        assert_eq!(named(&world.asked[2]), [id(3).as_str()]);
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!("of_some", world.asked[2]); });
    }
}

#[tokio::test]
async fn many_accounts_take_turns_over_the_days() {
    let wire = wire(endless());
    wire.world().accounts = (100..200).map(|number| format!("{number:012}")).collect();
    // The last days of all; 60 accounts whole; and the others are too much for half of the requests.
    wire.world().pages[..2].clone_from_slice(&[page(&[USUAL], None), page(&[], None)]);
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.waiting, answer.why), (4, 40, None));
    let known = async || wire.app().ledger.all_costs().await.unwrap().len();
    assert_eq!(known().await, 60);
    // Not again on the same day.
    later(300);
    wire.world().pages = vec![page(&[USUAL], None)];
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.waiting, known().await), (1, 40, 60));
    // Those that wait come first on the next one.
    later(24 * 60);
    wire.world().asked.clear();
    wire.world().pages = vec![page(&[USUAL], None), page(&[], None), page(&[], None)];
    let answer = asked(&wire).await;
    assert_eq!((answer.paid, answer.waiting, known().await), (3, 0, 100));
    let world = wire.world();
    let first: Vec<_> = world.asked.iter().map(|request| named(request).first().copied()).collect();
    assert_eq!(first, [None, Some("000000000160"), Some("000000000118")]);
}

#[tokio::test]
async fn strange_currencies_stay_on_record_until_a_long_bill_shows_none() {
    let wire = wire(vec![page(&[USUAL, ("2026-11-19", 1, "Claude (Amazon Bedrock Edition)", "1", "EUR")], None)]);
    let currencies = async || {
        let costs = wire.app().ledger.costs(&id(1)).await.unwrap().unwrap();
        costs.currencies.into_iter().map(|currency| currency.to_string()).collect::<Vec<_>>()
    };
    asked(&wire).await;
    assert_eq!(currencies().await, ["EUR", "USD"]);
    later(300);
    wire.world().pages = vec![page(&[USUAL], None)];
    asked(&wire).await;
    assert_eq!(currencies().await, ["EUR", "USD"]);
    later(24 * 60);
    wire.world().pages = vec![page(&[USUAL], None)];
    asked(&wire).await;
    assert_eq!(currencies().await, [Currency::USD.to_string()]);
}

#[tokio::test]
async fn credits_are_read_where_a_limit_is_net() {
    let wire = wire(vec![page(&[USUAL], None), page(&[("2026-11-19", 1, "", "-2.5", "USD")], None)]);
    let mut app = wire.app();
    let mut document: Value =
        serde_json::from_str(include_str!("../../../../../shared/finops/data/policy.json")).unwrap();
    document["budgets"][0]["basis"] = "net".into();
    app.policy = Policy::parse(&document.to_string()).unwrap();
    assert_eq!(costs(&app, None, false).await.unwrap().paid, 2);
    let day = &app.ledger.costs(&id(1)).await.unwrap().unwrap().days[&date(2026, 11, 19)];
    assert_eq!((day.total(Basis::Gross), day.total(Basis::Net)), ("7.5".parse().unwrap(), 5.into()));
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(wire.world().asked[1]); });
}

#[tokio::test]
async fn an_account_that_is_gone_is_looked_into_once_more() {
    let wire = wire(vec![page(&[USUAL], None)]);
    let mut gone = observed(3, Environment::Dev, 1);
    wire.app().ledger.store_observed(&gone).await.unwrap();
    assert_eq!(asked(&wire).await.accounts, [id(1), id(2), id(3)]);
    gone.account.state = "SUSPENDED".to_owned();
    wire.app().ledger.store_observed(&gone).await.unwrap();
    assert_eq!(asked(&wire).await.accounts, [id(1), id(2)]);
}

#[tokio::test]
async fn killed_at_any_call_the_bill_is_read_when_its_turn_is_over() {
    for has_effect in [true, false] {
        for after in 1.. {
            let wire = wire(vec![page(&[USUAL], None)]);
            wire.kill(after, has_effect);
            let killed = costs(&wire.app(), None, false).await;
            if !wire.revive() {
                assert!(killed.is_ok() && after > 5);
                break;
            }
            later(30);
            // Where one account was stored, the other is read by itself.
            wire.world().pages = vec![page(&[USUAL], None), page(&[USUAL], None)];
            let answer = asked(&wire).await;
            assert!(!answer.stale, "killed at call {after}, with effect: {has_effect}: {answer:?}");
            assert_eq!(spent(&wire, 1).await.as_deref(), Some("7.5"));
        }
    }
}
