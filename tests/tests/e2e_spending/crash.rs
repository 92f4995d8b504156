//! Killed, lost, throttled, refused at any call: once it is evaluated again, the account is at its stage, and everything in
//! it is as that stage has it.

mod lane;
mod site;

use crate::world::World;
use finops::Stage;
use lane::Lane;
use site::{Site, Sites};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Instant,
};
use tests::Fault;
use tokio::task::JoinSet;

/// Accounts that are worked on at once: no evaluation takes more steps.
const LANES: usize = 5;

/// One cell of so many is tried, unless `SPEND_FAULTS=all` asks for each.
const THINNED: usize = 4;

/// The SDK tries a call so often.
const SDK_ATTEMPTS: u32 = 3;

/// One step up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Move {
    from: Stage,
    to: Stage,
}

/// Up and down again.
const WAY: [Move; 6] = [
    Move { from: Stage::None, to: Stage::Restrict },
    Move { from: Stage::Restrict, to: Stage::Stop },
    Move { from: Stage::Stop, to: Stage::Freeze },
    Move { from: Stage::Freeze, to: Stage::Stop },
    Move { from: Stage::Stop, to: Stage::Restrict },
    Move { from: Stage::Restrict, to: Stage::None },
];

type Cells = BTreeMap<Move, VecDeque<(Site, &'static str)>>;

/// What is left to try, and what came of the rest.
#[derive(Default)]
struct Matrix {
    cells: Cells,
    /// By kind: how many ended well at once, and after another evaluation.
    well: BTreeMap<&'static str, [usize; 2]>,
    wrong: Vec<String>,
    faults: Vec<(u64, String)>,
}

impl Matrix {
    /// The next step of an account and the fault for it. Where no cell is left for either step from here, it goes on to one
    /// that has some; none when there is none left at all.
    fn next(&mut self, from: Stage, rising: &mut bool) -> Option<(Move, Option<(Site, &'static str)>)> {
        let left = |step: &Move| self.cells.get(step).map_or(0, VecDeque::len);
        if WAY.iter().all(|step| left(step) == 0) {
            return None;
        }
        let ways = || WAY.iter().copied().filter(|step| step.from == from);
        let chosen = ways().filter(|step| left(step) > 0).max_by_key(left).or_else(|| {
            let beyond = WAY.iter().any(|step| left(step) > 0 && step.from.max(step.to) > from);
            *rising = beyond && (*rising || !WAY.iter().any(|step| left(step) > 0 && step.from.min(step.to) < from));
            ways().find(|step| (step.to > from) == *rising).or_else(|| ways().next())
        })?;
        let cell = self.cells.get_mut(&chosen).and_then(VecDeque::pop_front);
        Some((chosen, cell))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_fault_at_any_call_the_account_comes_to_its_stage() {
    let world = Arc::new(World::new().await);
    let mut lanes = Vec::new();
    for lane in (0..LANES).map(|_| tokio::spawn(Lane::open(Arc::clone(&world)))).collect::<Vec<_>>() {
        lanes.push(lane.await.expect("an account"));
    }
    let mut matrix = Matrix { cells: clean(&world, &mut lanes[0]).await, ..Matrix::default() };
    if let Ok(only) = std::env::var("SPEND_FAULTS_ONLY") {
        for (step, cells) in &mut matrix.cells {
            cells.retain(|(site, kind)| format!("{step:?} {site:?} {kind}").contains(&only));
        }
    }
    // All of them take nine minutes.
    if std::env::var("SPEND_FAULTS").is_err() {
        for cells in matrix.cells.values_mut() {
            let mut place = 0;
            cells.retain(|_| {
                place += 1;
                place % THINNED == 1
            });
        }
    }
    let count: usize = matrix.cells.values().map(VecDeque::len).sum();
    assert!(count > 0, "no cell is left");
    for (step, cells) in &matrix.cells {
        eprintln!("{:>8} to {:<8} {:>4} cells", step.from, step.to, cells.len());
    }
    let (matrix, began) = (Arc::new(Mutex::new(matrix)), Instant::now());
    let mut work = JoinSet::new();
    for lane in lanes {
        work.spawn(run(lane, Arc::clone(&matrix)));
    }
    while let Some(done) = work.join_next().await {
        done.expect("a lane ends");
    }
    let matrix = std::mem::take(&mut *matrix.lock().unwrap());
    let mut missed = Vec::new();
    for (id, what) in &matrix.faults {
        if world.gateway.hits_of(*id).await == 0 {
            missed.push(what.clone());
        }
    }
    eprintln!("{count} cells in {:.0} s", began.elapsed().as_secs_f64());
    for (kind, [at_once, again]) in &matrix.well {
        eprintln!("{kind:<9}{at_once:>5} well at once {again:>5} after another evaluation");
    }
    eprintln!("wrong: {}, never struck: {missed:#?}", matrix.wrong.len());
    assert!(matrix.wrong.is_empty(), "{}", matrix.wrong.join("\n"));
    assert!(missed.len() * 20 <= count, "{} faults never struck", missed.len());
    Arc::into_inner(world).expect("nobody else has it").end().await;
}

/// The whole way in peace: the calls on it are the cells.
async fn clean(world: &World, lane: &mut Lane) -> Cells {
    let (mut cells, mut sites) = (Cells::new(), Sites::default());
    for step in WAY {
        let mark = world.gateway.mark().await;
        lane.go(step).await.unwrap_or_else(|why| panic!("{step:?}: {why}"));
        cells.insert(step, sites.of(&world.gateway.calls(mark).await, &lane.account));
    }
    cells
}

/// Goes up and down, each step with a fault, until all were tried.
async fn run(mut lane: Lane, matrix: Arc<Mutex<Matrix>>) {
    let mut rising = true;
    loop {
        let next = matrix.lock().unwrap().next(lane.stage, &mut rising);
        let Some((step, cell)) = next else { break };
        let Some((site, kind)) = cell else {
            if let Err(why) = lane.go(step).await {
                matrix.lock().unwrap().wrong.push(format!("{step:?} without a fault: {why}"));
                return;
            }
            continue;
        };
        let what = format!("{} to {}: {kind} at {site:?}", step.from, step.to);
        let fault = Fault {
            service: site.service.clone(),
            action: site.action.clone(),
            function: Some(site.function.clone()),
            containing: if site.of_account { vec![lane.account.clone()] } else { Vec::new() },
            kind: kind.to_owned(),
            skip: site.skip,
            times: if matches!(kind, "throttle" | "error") { SDK_ATTEMPTS } else { 1 },
        };
        let id = lane.world.gateway.inject(&fault).await;
        let came = lane.go(step).await;
        let mut matrix = matrix.lock().unwrap();
        matrix.faults.push((id, what.clone()));
        match came {
            Ok(again) => matrix.well.entry(kind).or_default()[usize::from(again > 0)] += 1,
            Err(why) => {
                eprintln!("WRONG {what}: {why}");
                matrix.wrong.push(format!("{what}: {why}"));
                return;
            }
        }
    }
    // What is left of faults would come in the way of going down.
    while let Some(step) = WAY.into_iter().rev().find(|step| step.from == lane.stage && step.to < lane.stage) {
        if let Err(why) = lane.go(step).await {
            matrix.lock().unwrap().wrong.push(format!("{step:?} at the end: {why}"));
            return;
        }
    }
}
