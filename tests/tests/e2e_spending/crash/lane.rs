//! One account that goes up and down.

use super::Move;
use crate::{
    bill,
    plant::Plant,
    world::{World, text},
};
use finops::{Stage, guardrails_of};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// No step takes longer, whatever strikes it.
const LONGEST: Duration = Duration::from_mins(2);

pub(crate) struct Lane {
    pub(crate) world: Arc<World>,
    pub(crate) account: String,
    pub(crate) stage: Stage,
    plant: Plant,
    before: Value,
}

impl Lane {
    /// An account that spent 130 % of its limit.
    pub(crate) async fn open(world: Arc<World>) -> Self {
        let account = world.account("dev").await;
        let plant = Plant::make(&world, &account).await;
        world.spent(&account, 650).await;
        let before = plant.image().await;
        Self { world, account, stage: Stage::None, plant, before }
    }

    /// Takes one step, to which people agreed, by setting the furthest stage, and compares what is there with what that stage has. Returns how often
    /// it had to be evaluated again.
    pub(crate) async fn go(&mut self, step: Move) -> Result<u32, String> {
        let Self { world, account, .. } = self;
        if step.to > self.stage {
            world.approve_all(account).await;
        }
        if self.stage == Stage::None {
            // Its owner is told each time, so that this can be struck too.
            for called in [Stage::Notify, Stage::Restrict, Stage::Stop, Stage::Freeze] {
                let period = bill::today().first_of_month();
                world.forget_told(&format!("notice-{account}-{called}-{period}")).await;
            }
        }
        if self.stage == Stage::Restrict && step.to == Stage::Stop {
            self.plant.job().await;
        }
        let known = world.api.get(&format!("/spend/{account}")).await.status == 200;
        if !known {
            world.evaluate_at_all(account).await;
        }
        world.allow(account, "maxStage", step.to.id()).await;
        let (began, mut again) = (Instant::now(), 0);
        loop {
            world.rests(account).await;
            let seen = world.spend(account).await;
            if text(&seen, "/record/stage") == step.to.id() && seen["record"]["lease"].is_null() {
                break;
            }
            if began.elapsed() > LONGEST {
                let told = ["outcome", "heldBy", "record"].map(|name| seen[name].to_string());
                return Err(format!("{account} is at {}: {}", text(&seen, "/record/stage"), told.join(" ")));
            }
            again += 1;
            world.read_bill_at_all().await;
            world.evaluate_at_all(account).await;
            sleep(Duration::from_millis(100)).await;
        }
        self.stage = step.to;
        self.compare().await.map(|()| again)
    }

    async fn compare(&self) -> Result<(), String> {
        let Self { world, account, stage, plant, before } = self;
        let attached = world.attached(account).await;
        if attached != guardrails_of(*stage).iter().copied().collect() {
            return Err(format!("{account} is at {stage} with {attached:?}"));
        }
        if *stage >= Stage::Stop {
            let running = plant.running().await;
            return if running.is_empty() {
                Ok(())
            } else {
                Err(format!("{account} is at {stage} and {running:?} runs"))
            };
        }
        let differences = plant.differs(before).await;
        if differences.is_empty() { Ok(()) } else { Err(format!("{account} at {stage}: {}", differences.join("; "))) }
    }
}
