//! Bad days: every AWS call of the spine × every kind of fault ends in the same single account in its unit, or in a
//! recorded failure that the same request, sent again, completes.

mod cell;
mod failures;
mod heard;
mod late;
mod matrix;
mod sites;
mod world;

use cell::{Cell, Outcome};
use heard::Heard;
use matrix::Matrix;
use sites::{KINDS, Site, Way};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};
use world::World;

/// Requests under way at once. Creations queue for the five slots; the other steps fill the time.
const LANES: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn matrix_of_calls_and_faults() {
    let world = World::new().await;
    let watch = tokio::spawn(Arc::clone(&world).watch_creations());
    let mut heard = Heard::new(&world, &tests::unique("fault-matrix")).await;
    let mark = world.gateway.mark().await;
    every_call_is_in_the_matrix(&world).await;

    let mut matrix = Matrix::default();
    for (cell, result) in run(&world, cells()).await {
        let result = match result {
            Ok(outcome) => check(&world, &mut heard, &outcome).await.map(|()| outcome),
            Err(why) => Err(why),
        };
        matrix.add(&cell, result);
    }
    watch.abort();
    let (accounts, creations) = (world.accounts().await, world.read_creations().await);
    let calls_of_creation: Vec<_> =
        world.gateway.calls(mark).await.into_iter().filter(|call| call.action == "CreateAccount").collect();
    for (cell, outcome) in matrix.outcomes() {
        let listed = accounts.get(&outcome.email).cloned().unwrap_or_default();
        let made = creations.iter().filter(|item| item.email == outcome.email && item.state == "SUCCEEDED").count();
        if listed != [outcome.account.clone()] || made != 1 {
            matrix.add(&cell, Err(format!("{}: {made} creations took effect, accounts {listed:?}", outcome.name)));
        }
        // Each attempt makes at most one call that AWS has not refused.
        let about_it = calls_of_creation.iter().filter(|call| call.resource.as_ref() == Some(&outcome.name));
        let open = about_it.filter(|call| call.status.is_none_or(|status| !(400..500).contains(&status))).count();
        if open > outcome.failures.len() + 1 {
            matrix.add(&cell, Err(format!("{}: CreateAccount called {open} times", outcome.name)));
        }
    }
    heard.end().await;
    world.gateway.heal().await;
    matrix.print();
    matrix.write();
    let made = calls(&world, mark).await;
    let unlisted: Vec<_> = made.difference(&sites::all().map(|site| triple(&site)).collect()).cloned().collect();
    assert!(unlisted.is_empty(), "calls that no row of the matrix strikes: {unlisted:?}");
    assert!(matrix.problems().is_empty(), "{:#?}", matrix.problems());
}

/// Vends one account in peace. The calls it takes are those of the rows, so that a new call cannot be forgotten here.
async fn every_call_is_in_the_matrix(world: &World) {
    let mark = world.gateway.mark().await;
    let name = world.name("peace");
    let request = world.post(&name).await.unwrap().text("requestId").to_owned();
    assert_eq!(world.follow(&request).await.unwrap()["state"], "ACTIVE");
    world.get("/accounts?pageSize=1").await.unwrap();
    world.post(&name).await.unwrap();
    let straight = |site: &Site| matches!(site.way, Way::Straight | Way::Post | Way::Repeat | Way::List);
    let rows: BTreeSet<_> = sites::all().filter(straight).map(|site| triple(&site)).collect();
    // The schedule of the sweep may fall into this moment.
    let swept: BTreeSet<_> = sites::all().filter(|site| site.way == Way::Sweep).map(|site| triple(&site)).collect();
    let made: BTreeSet<_> = calls(world, mark).await.difference(&swept).cloned().collect();
    assert_eq!(made, rows);
}

type Triple = (String, String, String);

fn triple(site: &Site) -> Triple {
    (site.function.to_owned(), site.service.to_owned(), site.action.to_owned())
}

/// The distinct calls that functions have made since.
async fn calls(world: &World, mark: u64) -> BTreeSet<Triple> {
    let calls = world.gateway.calls(mark).await.into_iter();
    calls.filter_map(|call| Some((call.function?, call.service, call.action))).collect()
}

/// The cells, the slow ones first. The same call is struck by its kinds far from each other, so that each fault meets a
/// request of its own. `FAULTS_ONLY` picks the cells with a text in their name, such as `claim × kill`.
fn cells() -> VecDeque<Cell> {
    let struck =
        |kind| sites::all().filter(move |site| site.kinds().any(|other| other == kind)).map(move |site| (site, kind));
    let mut cells: Vec<_> = KINDS.into_iter().flat_map(struck).collect();
    cells.sort_by_key(|(site, _)| {
        !matches!(site.way, Way::SilentCreation | Way::StuckAnnouncement | Way::StuckVerification)
    });
    if let Ok(only) = std::env::var("FAULTS_ONLY") {
        cells.retain(|(site, kind)| format!("{} × {kind}", site.name()).contains(&only));
    }
    cells.into_iter().enumerate().map(|(number, (site, kind))| Cell { number, site, kind }).collect()
}

async fn run(world: &Arc<World>, cells: VecDeque<Cell>) -> Vec<(Cell, Result<Outcome, String>)> {
    let (queue, done) = (Arc::new(Mutex::new(cells)), Arc::new(Mutex::new(Vec::new())));
    let lanes: Vec<_> = (0..LANES)
        .map(|_| {
            let (world, queue, done) = (Arc::clone(world), Arc::clone(&queue), Arc::clone(&done));
            tokio::spawn(async move {
                while let Some(cell) = next(&queue) {
                    let result = cell.run(&world).await;
                    done.lock().unwrap().push((cell, result));
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.expect("a lane ends");
    }
    std::mem::take(&mut *done.lock().unwrap())
}

fn next(queue: &Mutex<VecDeque<Cell>>) -> Option<Cell> {
    queue.lock().unwrap().pop_front()
}

/// What has to be true of every request, whatever struck it.
async fn check(world: &World, heard: &mut Heard, outcome: &Outcome) -> Result<(), String> {
    let Outcome { name, request, account, missing, .. } = outcome;
    let mut problems = missing.clone();
    let unit = world.unit(account).await?;
    if unit != "AI/AI DEV" {
        problems.push(format!("the account lies in {unit}"));
    }
    let failed = (!outcome.failures.is_empty()).then_some("Account Vending Failed");
    for detail_type in failed.into_iter().chain(["Account Vended"]) {
        if !heard.has(request, detail_type).await {
            problems.push(format!("no event {detail_type:?}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(format!("{name}: {}", problems.join("; "))) }
}
