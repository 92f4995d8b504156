//! Who spent what, for people and for machines.

use crate::{bill, ears::Ears, world::World};
use serde_json::{Value, json};

impl World {
    async fn object(&self, key: &str) -> String {
        let bucket = self.stack.output("ReportBucketName");
        self.aws.rest("s3", "GET", &format!("/{bucket}/{key}"), String::new()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_lies_in_the_bucket_and_a_letter_says_so() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 450).await;
    // The bill tells one model apart.
    let mut cost = bill::cost(&account, bill::today(), "12");
    cost["model"] = json!("Nova Pro");
    world.costs(&[cost]).await;
    world.step(&account).await;
    let mut ears = Ears::open(&world).await;
    let answer = world.aws.invoke(world.stack.output("ReportFunctionName"), &json!({})).await;
    assert_eq!(answer.error, None, "{}", answer.payload);
    for folder in [bill::today().to_string(), "latest".to_owned()] {
        let page = world.object(&format!("spend/{folder}/report.html")).await;
        assert!(page.contains("<svg") && page.contains(&account) && !page.contains("<script"), "{folder}");
        let document: Value =
            serde_json::from_str(&world.object(&format!("spend/{folder}/report.json")).await).expect("JSON");
        assert!(document.to_string().contains(&account), "{document}");
        let models = document["billed"]["models"].as_array().unwrap_or_else(|| panic!("{}", document["billed"]));
        let billed = |name: Value| models.iter().find(|billed| billed["name"] == name).map(|it| it["amount"].clone());
        assert_eq!(billed(json!("Nova Pro")), Some(json!("12.00")), "{models:?}");
        assert!(billed(Value::Null).is_some(), "{models:?}");
        let rows = world.object(&format!("spend/{folder}/report.csv")).await;
        let head = rows.lines().next().expect("a line").split(',').count();
        let line = rows.lines().find(|line| line.contains(&account)).expect("a line of the account");
        assert!(head > 5 && line.split(',').count() >= head, "{line}");
    }
    let letter = loop {
        ears.listen().await;
        if let Some(letter) = ears.kind("report").pop() {
            break letter;
        }
    };
    assert!(letter["Message"].as_str().is_some_and(|message| message.contains("report.html")), "{letter}");
    ears.close().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_reported_for_its_account_and_leaves_the_report_of_the_week() {
    let world = World::new().await;
    let accounts = [world.account("dev").await, world.account("dev").await];
    let today = bill::today();
    let mut ears = Ears::open(&world).await;
    let answer = world.aws.invoke(world.stack.output("ReportFunctionName"), &json!({})).await;
    assert_eq!(answer.error, None, "{}", answer.payload);
    let of_week = world.object(&format!("spend/{today}/report.json")).await;
    for account in &accounts {
        world.spent(account, 650).await;
    }
    world.evaluate(&accounts.each_ref().map(String::as_str)).await;
    for account in &accounts {
        let letter = ears.letter(account, "-breach/report.html").await;
        assert_eq!(letter["MessageAttributes"]["kind"]["Value"], "breach", "{letter}");
        assert!(letter["Subject"].as_str().is_some_and(|subject| subject.contains(account.as_str())), "{letter}");
        let reported = ears.event("Spend Reported", account).await;
        assert_eq!(reported["reason"], "breach", "{reported}");
    }
    let rows = world.object(&format!("spend/{today}-breach/report.csv")).await;
    assert!(accounts.iter().all(|account| rows.contains(account)), "{rows}");
    assert_eq!(world.object(&format!("spend/{today}/report.json")).await, of_week);
    ears.close().await;
    world.end().await;
}
