//! What people are told: each thing once, and never not at all.

use crate::{App, Error};
use aws::Letter;
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;

/// Telling takes less. Whoever is killed in it has not told for sure, and after this time it is told again.
const TELLING: SignedDuration = SignedDuration::from_mins(5);

/// The same is not told again within so long: longer than the longest period, a year.
const TOLD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Something that people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    /// Told once under this key.
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// The account that it is about, if it is about one.
    pub(crate) account: Option<AccountId>,
    /// Who answers for that account.
    pub(crate) owner: Option<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What machines are told with it.
    pub(crate) event: Option<String>,
}

/// What kind of telling it is. Subscriptions choose by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody has to look at once.
    Page,
    /// A step waits for approval.
    Proposal,
    /// An account spends much.
    Notice,
}

impl Kind {
    fn id(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Proposal => "proposal",
            Self::Notice => "notice",
        }
    }
}

/// Tells it, unless it was told; true when it was told now. A turn that fails ends at once, so that the next evaluation
/// tells it; one that is killed ends by itself.
pub(crate) async fn tell(app: &App, telling: &Telling, now: Timestamp) -> Result<bool, Error> {
    let turn = format!("tell-{}", telling.key);
    if !app.ledger.take_turn(&turn, now + TELLING, now).await? {
        return Ok(false);
    }
    match send(app, telling).await {
        Ok(()) => app.ledger.end_turn(&turn, now + TOLD).await.map(|()| true).map_err(Error::from),
        Err(error) => {
            app.ledger.end_turn(&turn, now).await?;
            Err(error)
        }
    }
}

async fn send(app: &App, telling: &Telling) -> Result<(), Error> {
    if let Some(detail) = &telling.event {
        app.bus.publish(finops::EVENT_SOURCE, "Spend Step Proposed", detail.clone()).await?;
    }
    let letter = Letter {
        kind: telling.kind.id(),
        account: telling.account.as_ref().map(AccountId::as_str),
        owner: telling.owner.as_deref(),
        subject: &telling.subject,
        text: &telling.text,
    };
    Ok(app.people.publish(&letter).await?)
}
