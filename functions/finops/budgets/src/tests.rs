//! The function against a payer with budgets that loses answers.

use super::*;
use crate::testing::{Kept, TOPIC, Wire, ai_account, observed, payer};
use finops::Record;
use serde_json::{Value, json};

const NOW: &str = "2026-11-26T12:00:00Z";

fn app(wire: &Wire) -> App {
    let config = wire.config();
    App {
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&config), "ledger"),
        organizations: aws_sdk_organizations::Client::new(&config),
        bus: Bus::new(&config, "bus"),
        config,
        payer: payer(),
        topic: TOPIC.to_owned(),
        prefix: "alz".to_owned(),
        policy: Policy::standard(),
        clock: || NOW.parse().unwrap(),
    }
}

fn seen(id: &str, change: impl FnOnce(&mut finops::Account)) -> Observed {
    let mut account = ai_account();
    account.id = AccountId::parse(id).unwrap();
    change(&mut account);
    observed(account, NOW)
}

fn budget_of(account: &str, limit: &str) -> Kept {
    let document = json!({"BudgetName": format!("alz-{account}"), "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": limit, "Unit": "USD"}, "Metrics": ["UnblendedCost"],
        "FilterExpression": {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}}});
    Kept { document: document.as_object().unwrap().clone(), bells: Vec::new() }
}

/// Two AI accounts without budget, one with an old one; a closed one, one that nobody knows, one that is gone; and budgets
/// that are nobody's business.
fn wire() -> Wire {
    let wire = Wire::default();
    wire.with(|world| {
        world.observed = vec![
            seen("111111111111", |_| {}),
            seen("222222222222", |account| account.environment = Some(landing_zone::Environment::Prod)),
            seen("333333333333", |_| {}),
            seen("444444444444", |account| account.state = "SUSPENDED".to_owned()),
            seen("777777777777", |account| account.account_type = None),
        ];
        let mut record = Record::new(AccountId::parse("333333333333").unwrap());
        record.change = Some(Override {
            limit: Some(900.into()),
            max_stage: None,
            until: "2026-12-01T00:00:00Z".parse().unwrap(),
            by: "jane".to_owned(),
            reason: "launch".to_owned(),
        });
        world.records = vec![record];
        world.closed = ["666666666666".to_owned()].into();
        for (account, limit) in [
            ("333333333333", "500"),
            ("444444444444", "500"),
            ("555555555555", "9"),
            ("666666666666", "9"),
            ("000000000000", "9"),
        ] {
            world.budgets.insert(format!("alz-{account}"), budget_of(account, limit));
        }
        let mut team = budget_of("111111111111", "1");
        team.document.insert("BudgetName".to_owned(), json!("team: ä/💸"));
        world.budgets.insert("team: ä/💸".to_owned(), team);
        let mut foreign = budget_of("777777777777", "1");
        foreign.document.insert("FilterExpression".to_owned(), Value::Null);
        world.budgets.insert("alz-777777777777".to_owned(), foreign);
    });
    wire
}

fn names(wire: &Wire) -> Vec<String> {
    wire.with(|world| world.budgets.keys().cloned().collect())
}

#[tokio::test]
async fn budgets_are_brought_in_step_and_then_left_alone() {
    let wire = wire();
    let answer = handle(&app(&wire), Event {}).await.unwrap();
    assert_eq!(answer, Answer { in_step: 3, changed: 11, unknown: 1 });
    assert_eq!(
        names(&wire),
        [
            "alz-111111111111",
            "alz-222222222222",
            "alz-333333333333",
            "alz-555555555555",
            "alz-777777777777",
            "team: ä/💸"
        ]
    );
    wire.with(|world| {
        let limits = ["alz-111111111111", "alz-222222222222", "alz-333333333333"]
            .map(|name| world.budgets[name].document["BudgetLimit"]["Amount"].as_str().unwrap().to_owned());
        assert_eq!(limits, ["500", "5000", "900"]);
        assert_eq!(world.budgets["alz-333333333333"].bells.len(), 5);
        assert_eq!(world.budgets["alz-777777777777"].document["FilterExpression"], Value::Null);
        let told: Vec<&Value> = world.events.iter().map(|event| &event["DetailType"]).collect();
        assert_eq!(told, ["Spend Budget Changed"; 11]);
        let detail: Value = serde_json::from_str(world.events[0]["Detail"].as_str().unwrap()).unwrap();
        let expected = json!({"accountId": "000000000000", "action": "DeleteBudget", "budget": "alz-000000000000",
            "change": "deleted"});
        assert_eq!(detail, expected);
        world.changes.clear();
    });
    let again = handle(&app(&wire), Event {}).await.unwrap();
    assert_eq!(again, Answer { in_step: 3, changed: 0, unknown: 1 });
    assert!(wire.with(|world| world.changes.is_empty()));
}

#[tokio::test]
async fn whichever_call_is_lost_the_next_run_ends_the_same() {
    let wanted = wire();
    handle(&app(&wanted), Event {}).await.unwrap();
    let wanted = wanted.with(|world| world.budgets.clone());
    let mut failed = 0;
    for has_effect in [false, true] {
        for lost in 1..200 {
            let wire = wire();
            wire.with(|world| world.lost = Some((lost, has_effect)));
            let first = handle(&app(&wire), Event {}).await;
            if wire.with(|world| world.lost.is_some()) {
                assert!(lost > 30, "only {lost} calls");
                break;
            }
            failed += usize::from(first.is_err());
            handle(&app(&wire), Event {}).await.unwrap();
            wire.with(|world| assert_eq!(world.budgets, wanted, "call {lost} was lost"));
        }
    }
    assert!(failed > 60, "{failed}");
}

#[tokio::test]
async fn a_budget_that_aws_does_not_take_does_not_hold_up_the_others() {
    let wire = wire();
    wire.with(|world| world.refused = Some("111111111111"));
    let error = handle(&app(&wire), Event {}).await.unwrap_err();
    assert!(error.to_string().starts_with("1 budgets are not in step, the first of account 111111111111"), "{error}");
    assert_eq!(error.diagnosis().class, Class::Invalid);
    assert!(names(&wire).contains(&"alz-222222222222".to_owned()));
}

#[tokio::test]
async fn an_empty_ledger_removes_nothing_of_accounts_that_are_there() {
    let wire = wire();
    wire.with(|world| world.observed.clear());
    let answer = handle(&app(&wire), Event {}).await.unwrap();
    // One is closed, one is gone; the rest is left alone.
    assert_eq!(answer, Answer { in_step: 0, changed: 2, unknown: 3 });
    assert!(names(&wire).contains(&"alz-333333333333".to_owned()));
}

#[test]
fn names_of_budgets_are_those_that_aws_takes() {
    assert_eq!(prefix("ai-landing-zone").unwrap(), "ai-landing-zone");
    for wrong in ["a:b", "a\\b", "a/action/b", "ä", &"x".repeat(88)] {
        assert!(prefix(wrong).is_err(), "{wrong}");
    }
}
