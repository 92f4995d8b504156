//! July 2026: wrong prices told thousands of customers that they had spent trillions.

use crate::{
    bells::alert,
    bill,
    ears::Ears,
    world::{World, text},
};
use finops::Observed;
use serde_json::json;

/// So many accounts were wrong.
const ACCOUNTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn trillions_in_forty_accounts_stop_nothing_and_page_once() {
    let world = World::new().await;
    let (one, two, three, four) =
        tokio::join!(world.account("dev"), world.account("dev"), world.account("test"), world.account("prod"));
    let mut own = vec![one, two, three, four];
    for account in &own {
        world.spent(account, 10).await;
    }
    let all: Vec<&str> = own.iter().map(String::as_str).collect();
    world.evaluate(&all).await;
    // Accounts of other tests, as many as there are; the rest Cost Explorer alone knows of.
    let known: Vec<Observed> = world.ledger.all_observed().await.expect("what was observed");
    let known = known.into_iter().filter(|seen| seen.account.state == "ACTIVE").map(|seen| seen.account.id.to_string());
    own.extend(known.filter(|id| !all.contains(&id.as_str())).take(ACCOUNTS - own.len()).collect::<Vec<_>>());
    let strangers = (own.len()..ACCOUNTS).map(|number| format!("9999{number:08}"));
    let everybody: Vec<String> = own.iter().cloned().chain(strangers).collect();
    world.forget_told(&format!("page-doubted-{}", bill::today())).await;
    let mut ears = Ears::open(&world).await;
    let steps = world.executions("SpendEnforcementStateMachineArn", None).await;

    let costs: Vec<_> =
        everybody.iter().map(|account| bill::cost(account, bill::today(), "1046294123330.95")).collect();
    world.costs(&costs).await;
    let before = world.rung().await;
    for account in &everybody {
        world.ring(&alert(account, "1,046,294,123,330.95")).await;
    }
    world.rings(&before).await;
    world.quiet().await;
    // And an hour later.
    let all: Vec<&str> = own.iter().map(String::as_str).collect();
    world.evaluate(&all).await;
    world.quiet().await;

    assert_eq!(world.executions("SpendEnforcementStateMachineArn", None).await, steps);
    let mut told = Vec::new();
    for account in &own {
        let seen = world.spend(account).await;
        let plausible = seen["decision"]["rails"].as_array().and_then(|rails| {
            rails.iter().find(|rail| rail["name"] == "plausible").map(|rail| text(rail, "/because").to_owned())
        });
        let why = plausible.expect("a rail");
        assert!(why.contains("more than any account spends in a day"), "{seen}");
        assert_eq!(seen["decision"]["doubted"], json!(bill::today()), "{seen}");
        assert!(["held", "settled"].contains(&text(&seen, "/outcome")), "{seen}");
        told.push(format!("{account} {}: {why}", text(&seen, "/outcome")));
    }
    eprintln!("{}", told.join("\n"));
    ears.listen().await;
    let pages = ears.kind("page");
    assert_eq!(pages.len(), 1, "{pages:#?}");
    eprintln!("{}\n{}", text(&pages[0], "/Subject"), text(&pages[0], "/Message"));
    // Nobody's owner is frightened.
    assert!(own.iter().all(|account| ears.letters(account).is_empty()));
    ears.close().await;
    world.end().await;
}
