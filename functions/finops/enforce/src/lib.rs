//! Brings one account to one stage, in steps that may each run twice: may it be done, do it, see that it is done, say so.
//!
//! Whatever way a step goes, it makes the account what the stage needs: what is missing is attached or stopped, what is
//! beyond it is detached or started again. So it does not matter where an execution before this one was killed. Only
//! two policies are ever attached, only what the suite attached is detached, and nothing is deleted for good.

mod act;
mod announce;
mod error;
mod event;
mod guard;
mod keep;
mod plan;
mod policies;
mod settle;
mod start;
mod stop;
mod switch;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;
mod work;

pub use error::Error;
pub use event::{Answer, Event};

use aws::{Bus, ConfigError, KillSwitch, MemberRole, People, SdkConfig};
use jiff::Timestamp;
use landing_zone::AccountId;
use ledger::{Ledger, Organization};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    bus: Bus,
    people: People,
    switch: KillSwitch,
    base: SdkConfig,
    partition: String,
    role: String,
    regions: Vec<String>,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            bus: Bus::from_environment(config)?,
            people: People::from_environment(config, "SPEND_TOPIC")?,
            switch: KillSwitch::from_environment(config, "SPEND_SWITCH")?,
            base: config.clone(),
            partition: aws::optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
            role: format!("{}-spend-enforcement", aws::required("MEMBER_ROLE_PREFIX", text)?),
            regions: aws::governed_regions(config)?,
            clock: Timestamp::now,
        })
    }

    async fn organization(&self) -> Result<Organization, Error> {
        self.ledger.organization().await?.ok_or(Error::NoOrganization)
    }

    /// A session in the account.
    async fn enter(&self, account: &AccountId) -> Result<SdkConfig, Error> {
        let session = "ai-landing-zone-enforce";
        let role = MemberRole { partition: &self.partition, name: &self.role, session, policy: None };
        Ok(aws::session(&self.sts, &self.base, account, role).await?)
    }
}

/// Takes one part of a step.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    Ok(match event {
        Event::Guard(step) => Answer::Guarded(guard::guard(app, &step).await?),
        Event::Act(begun) => Answer::Acted(act::act(app, &begun).await?),
        Event::Verify(begun) => Answer::Verified(verify::verify(app, &begun).await?),
        Event::Settle(ended) => Answer::Settled(settle::settle(app, &ended).await?),
        Event::Fail(failed) => Answer::Settled(settle::fail(app, &failed).await?),
    })
}
