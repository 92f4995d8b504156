//! What people have to hear of the decisions: pure. Whether they heard it already is on record elsewhere.

use super::letters;
use crate::{
    announce,
    people::{Kind, Telling},
};
use finops::{Account, Currency, Decision, Outcome, Page, Stage};

/// A decision with the account that it is about, and the stage that was called for before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) decision: &'a Decision,
    pub(crate) account: &'a Account,
    pub(crate) before: Option<Stage>,
}

/// Everything that people have to hear, the most urgent first.
pub(crate) fn tellings(pages: &[Page], all: &[About<'_>], currency: Currency) -> Vec<Telling> {
    let proposals = all.iter().filter_map(|about| proposal(about, currency));
    let notices = all.iter().filter_map(|about| notice(about, currency));
    pages.iter().map(page).chain(proposals).chain(notices).collect()
}

fn page(page: &Page) -> Telling {
    Telling {
        key: format!("page-{}", page.key),
        kind: Kind::Page,
        account: None,
        owner: None,
        subject: page.subject.clone(),
        text: page.text.clone(),
        event: None,
    }
}

/// Once for a step, whose id names its period.
fn proposal(about: &About<'_>, currency: Currency) -> Option<Telling> {
    let About { decision, account, before } = *about;
    let step = decision.step.as_ref().filter(|_| decision.outcome == Outcome::Approval)?;
    Some(Telling {
        key: format!("proposal-{}-{}", decision.account, step.id),
        kind: Kind::Proposal,
        account: Some(decision.account.clone()),
        owner: account.owner.clone(),
        subject: letters::proposal_subject(decision, step),
        text: letters::proposal(decision, account, step, currency),
        event: Some(announce::detail(decision, account, currency, before)),
    })
}

/// Once for each stage that is called for in a period.
fn notice(about: &About<'_>, currency: Currency) -> Option<Telling> {
    let About { decision, account, .. } = *about;
    decision.tells().then(|| Telling {
        key: format!("notice-{}-{}-{}", decision.account, decision.called, decision.window.start),
        kind: Kind::Notice,
        account: Some(decision.account.clone()),
        owner: account.owner.clone(),
        subject: letters::notice_subject(decision, currency),
        text: letters::notice(decision, account, currency),
        event: None,
    })
}
