use super::*;
use crate::{
    testing::{facts, id},
    wire::Wire,
};
use commitments::Covered;
use serde_json::{Value, json};
use std::{path::Path, time::Instant};

fn files(count: u32) -> Files {
    written(&Report::of(&facts(count))).unwrap()
}

fn weekly() -> Event {
    Event::default()
}

fn breach(number: u32) -> Event {
    Event { account_id: Some(id(number)), ..Event::default() }
}

fn stored(wire: &Wire, key: &str) -> String {
    wire.with(|world| world.files.get(key).cloned()).unwrap_or_else(|| panic!("{key}"))
}

fn stored_json(wire: &Wire) -> Value {
    let file = stored(wire, "spend/latest/report.json");
    serde_json::from_str(file.split_once('\n').unwrap().1).unwrap()
}

#[tokio::test]
async fn the_report_of_the_week_is_kept_and_told_of() {
    let wire = Wire::of(facts(24));
    let answer = handle(&wire.app(), weekly()).await.unwrap();
    assert_eq!((answer.accounts, answer.over_limit, answer.told), (24, 4, true));
    assert_eq!(answer.place, "s3://reports/spend/2026-11-20/report.html");
    let keys: Vec<String> = wire.with(|world| world.files.keys().cloned().collect());
    let [day, latest] = ["2026-11-20", "latest"]
        .map(|folder| ["csv", "html", "json"].map(|ending| format!("spend/{folder}/report.{ending}")));
    assert_eq!(keys, [day, latest].concat());
    assert!(stored(&wire, "spend/latest/report.html").starts_with("text/html; charset=utf-8\n<!doctype html>"));
    assert_eq!(stored(&wire, "spend/latest/report.csv"), stored(&wire, "spend/2026-11-20/report.csv"));
    // Every page of the coverage by Savings Plans and of billed models is read, and paid: 20 of 80 are covered.
    assert_eq!(wire.with(|world| world.paid), 7);
    let billed = json!({"month": {"start": "2026-11-01", "end": "2026-12-01"}, "state": "known", "models": [
        {"name": "Claude Sonnet 5", "amount": "60.00", "percent": "60.0"},
        {"name": "Nova Pro", "amount": "30.00", "percent": "30.0"},
        {"name": null, "amount": "10.00", "percent": "10"}]});
    assert_eq!(stored_json(&wire)["billed"], billed);
    let commitments = &stored_json(&wire)["commitments"];
    assert_eq!(
        (&commitments["savingsPlans"]["percent"], &commitments["reservations"]["percent"]),
        (&"25.0".into(), &"75.0".into())
    );
    let (events, letters) = wire.with(|world| (world.events.clone(), world.letters.clone()));
    assert_eq!((events.len(), letters.len()), (1, 1));
    assert_eq!(
        (&events[0]["DetailType"], &events[0]["Source"]),
        (&"Spend Reported".into(), &"ai-landing-zone.spending".into())
    );
    let detail: Value = serde_json::from_str(events[0]["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&detail["reason"], &detail["overLimit"], &detail["over"][0]),
        (&"weekly".into(), &4.into(), &id(0).as_str().into())
    );
    assert_eq!(detail["thisMonth"], stored_json(&wire)["total"]["thisMonth"]);
    assert_eq!(letters[0]["MessageAttributes.entry.1.Value.StringValue"], "report");
}

#[tokio::test]
async fn of_a_breach_people_hear_once_a_day_and_nothing_is_paid() {
    let wire = Wire::of(facts(24));
    let first = handle(&wire.app(), breach(0)).await.unwrap();
    let again = handle(&wire.app(), breach(0)).await.unwrap();
    let other = handle(&wire.app(), breach(4)).await.unwrap();
    assert_eq!([first.told, again.told, other.told], [true, false, true]);
    let (letters, paid, events) = wire.with(|world| (world.letters.clone(), world.paid, world.events.len()));
    assert_eq!((letters.len(), paid, events), (2, 0, 3));
    assert_eq!(letters[0]["Subject"], format!("Spending of 2026-11-20, account {}: 4 accounts over the limit", id(0)));
    assert!(
        letters[0]["Message"].contains(&format!("({}), dev, jane@example.com", id(0))),
        "{}",
        letters[0]["Message"]
    );
    assert_eq!(stored_json(&wire)["commitments"]["reservations"]["state"], "unavailable");
}

#[tokio::test]
async fn of_figures_that_cannot_be_believed_there_is_no_letter() {
    let wire = Wire::of(facts(3));
    let doubted = Event { doubted: "2026-11-18".parse().ok(), ..breach(0) };
    assert!(!handle(&wire.app(), doubted).await.unwrap().told);
    assert_eq!(wire.with(|world| (world.letters.len(), world.events.len())), (0, 1));
    assert!(handle(&wire.app(), breach(0)).await.unwrap().told, "once they are believed");
}

#[tokio::test]
async fn a_breach_leaves_the_report_of_the_week_as_it_was() {
    let wire = Wire::of(facts(24));
    handle(&wire.app(), weekly()).await.unwrap();
    let of_week = stored(&wire, "spend/2026-11-20/report.json");
    let answer = handle(&wire.app(), breach(0)).await.unwrap();
    assert_eq!(answer.place, "s3://reports/spend/2026-11-20-breach/report.html");
    assert_eq!(stored(&wire, "spend/2026-11-20/report.json"), of_week);
    assert_eq!(stored(&wire, "spend/latest/report.json"), stored(&wire, "spend/2026-11-20-breach/report.json"));
}

#[tokio::test]
async fn a_breach_that_could_not_be_told_is_told_later() {
    let wire = Wire::of(facts(3));
    wire.with(|world| world.mute = true);
    let error = handle(&wire.app(), breach(0)).await.unwrap_err();
    assert_eq!(error.diagnosis().class, Class::Denied);
    wire.with(|world| world.mute = false);
    assert!(handle(&wire.app(), breach(0)).await.unwrap().told);
    assert_eq!(wire.with(|world| world.letters.len()), 1);
}

#[tokio::test]
async fn whichever_answer_is_lost_the_next_run_reports() {
    let calls = {
        let wire = Wire::of(facts(2));
        handle(&wire.app(), weekly()).await.unwrap();
        wire.with(|world| world.calls)
    };
    assert!(calls > 25, "{calls}");
    for at in 1..=calls {
        for has_effect in [false, true] {
            let wire = Wire::of(facts(2));
            wire.with(|world| world.lost = Some((at, has_effect)));
            // A question to Cost Explorer may fail: then the report says so.
            let first = handle(&wire.app(), weekly()).await;
            wire.with(|world| world.paid = 0);
            let answer = handle(&wire.app(), weekly()).await.unwrap();
            assert_eq!((answer.accounts, answer.told), (2, true), "call {at}: {first:?}");
            let (files, letters) = wire.with(|world| (world.files.len(), world.letters.len()));
            assert!(files == 6 && letters >= 1, "call {at}");
        }
    }
}

#[tokio::test]
async fn without_cost_explorer_there_is_a_report_all_the_same() {
    for (refused, paid, state, why) in [
        (Some("DataUnavailableException"), 0, "none", ""),
        (Some("AccessDeniedException"), 0, "unavailable", "ce:GetSavingsPlansCoverage"),
        (None, 8, "unavailable", "all 8 paid requests of the day are used up"),
    ] {
        let wire = Wire::of(facts(2));
        wire.with(|world| (world.refused, world.paid) = (refused, paid));
        handle(&wire.app(), weekly()).await.unwrap();
        let savings_plans = &stored_json(&wire)["commitments"]["savingsPlans"];
        assert_eq!(savings_plans["state"], state);
        assert!(savings_plans["why"].as_str().unwrap_or_default().contains(why), "{savings_plans}");
        assert_eq!(stored_json(&wire)["billed"]["state"], "unavailable");
    }
}

#[tokio::test]
async fn each_attempt_is_paid() {
    let wire = Wire::of(facts(2));
    wire.with(|world| world.refused = Some("ThrottlingException"));
    handle(&wire.app(), weekly()).await.unwrap();
    assert_eq!(wire.with(|world| (world.paid, world.asked)), (3, 3));
}

#[tokio::test]
async fn models_that_are_billed_in_another_currency_are_not_added_up() {
    let wire = Wire::of(facts(2));
    wire.with(|world| world.billed_in = "EUR");
    handle(&wire.app(), weekly()).await.unwrap();
    let report = stored_json(&wire);
    let why = report["billed"]["why"].as_str().unwrap();
    assert!(why.contains("Nova Pro is in EUR, and limits are in USD"), "{why}");
    assert!(report["gaps"].to_string().contains("What each model was billed is not known"), "{}", report["gaps"]);
}

#[test]
fn events_are_those_of_the_contract() {
    let read = |text: &str| serde_json::from_str::<Event>(text);
    assert_eq!(read("{}").unwrap().reason(), Reason::Weekly);
    let account = id(0);
    for text in [
        format!(r#"{{"reason":"breach","accountId":"{account}"}}"#),
        format!(r#"{{"accountId":"{account}","called":"stop","calledBefore":"none","doubted":null,"heldBy":[]}}"#),
    ] {
        let event = read(&text).unwrap();
        assert_eq!((event.reason(), event.account_id, event.doubted), (Reason::Breach, Some(account.clone()), None));
    }
    let doubted = read(&format!(r#"{{"accountId":"{account}","doubted":"2026-11-18"}}"#)).unwrap().doubted;
    assert_eq!(doubted, "2026-11-18".parse().ok());
    assert!(read(r#"{"reason":"never"}"#).is_err());
}

#[test]
fn what_people_named_is_text_on_the_page_and_in_spreadsheets() {
    let files = files(6);
    assert!(files.html.contains("&#60;script&#62;alert"), "escaped in the table");
    assert!(!files.html.contains("<script"));
    let mut rows = ::csv::Reader::from_reader(files.csv.as_bytes());
    let names: Vec<String> = rows.records().map(|row| row.unwrap()[1].to_owned()).collect();
    assert!(names.contains(&"'=HYPERLINK(\"https://example.com\")".to_owned()), "{names:?}");
    assert_eq!(names.len(), 6);
}

#[test]
fn a_page_that_knows_nothing_says_so() {
    let files = files(0);
    for said in
        ["not known", "No bill shows any day yet.", "Nothing was decided about any account yet.", "not swept yet"]
    {
        assert!(files.html.contains(said), "{said}");
    }
    assert!(!files.html.contains(">0.00<"), "nothing is counted as zero");
}

#[test]
fn a_letter_fits_and_names_who_is_over() {
    let mut facts = facts(200);
    facts.commitments.savings_plans = Covered::Unavailable { why: "access denied".to_owned() };
    let report = Report::of(&facts);
    let last = report.over().last().unwrap().account.clone();
    let letter = letter::letter(&report, Reason::Breach, Some(&last), "s3://reports/spend/2026-11-20/report.html");
    assert!(letter.subject.len() < 100 && letter.subject.is_ascii(), "{}", letter.subject);
    assert!(letter.text.len() < 20_000, "{}", letter.text.len());
    assert_eq!(letter.text.matches("stage none").count(), 20 + report.total.expected_over.min(20));
    let named = letter.text.find(&format!("({last})"));
    assert!(
        named < letter.text.find(&format!("({})", report.accounts[0].account)),
        "the account of the breach is first"
    );
    assert!(letter.text.contains(&format!("- and {} more", report.total.over - 20)));
    assert!(letter.text.contains("Savings Plans is not known: access denied."));
    assert!(letter.text.ends_with("The whole report: s3://reports/spend/2026-11-20/report.html\n"));
}

/// `REPORT_SAMPLE=/tmp/report cargo test -p report sample` leaves reports there, to be looked at.
#[test]
fn a_sample_is_written_where_somebody_wants_one() {
    let Ok(folder) = std::env::var("REPORT_SAMPLE") else { return };
    for count in [0, 1, 24, 1_000] {
        let folder = Path::new(&folder).join(count.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let files = files(count);
        std::fs::write(folder.join("report.html"), files.html).unwrap();
        std::fs::write(folder.join("report.csv"), files.csv).unwrap();
        std::fs::write(folder.join("report.json"), files.json).unwrap();
        let letter = letter::letter(
            &Report::of(&facts(count)),
            Reason::Weekly,
            None,
            "s3://reports/spend/2026-11-20/report.html",
        );
        std::fs::write(folder.join("letter.txt"), format!("{}\n\n{}", letter.subject, letter.text)).unwrap();
    }
}

#[test]
fn a_thousand_accounts_are_a_few_megabytes() {
    let facts = facts(1_000);
    let begun = Instant::now();
    let files = written(&Report::of(&facts)).unwrap();
    let megabytes = |file: &String| f64::from(u32::try_from(file.len()).unwrap()) / 1e6;
    let [html, csv, json] = [&files.html, &files.csv, &files.json].map(megabytes);
    println!("1,000 accounts in {:?}: HTML {html:.2} MB, CSV {csv:.2} MB, JSON {json:.2} MB", begun.elapsed());
    assert!(html < 5.0 && csv < 5.0 && json < 5.0, "{html} {csv} {json}");
    assert_eq!(files.csv.lines().count(), 1_001);
}
