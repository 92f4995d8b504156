//! What to do next about the creation of an account: a pure function of what the ledger remembers.

use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use ledger::{Creation, Record};

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The account is there.
    Done(AccountId),
    /// Claim the right to call `CreateAccount`, and call it.
    Call,
    /// Ask AWS how this creation goes.
    Poll(String),
    /// The call was made and its answer is lost, or may still be on its way: look for what came of it.
    Search(Search),
    /// AWS said that it made nothing.
    Failed(String),
}

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Search {
    /// Only what happened after this can be ours.
    pub since: Timestamp,
    /// What it means when nothing is found.
    pub nothing_found: NothingFound,
}

/// What it means that a search found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NothingFound {
    /// AWS may not show it yet.
    AskAgain,
    /// The request ends here, for a person to look at: a second call could make a second account.
    GiveUp,
    /// A person has sent the request again since: the old call came to nothing.
    CallAgain,
}

/// Clocks differ: AWS's times are compared with this much room.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The earliest time at which AWS can have noted anything that came of this creation.
pub(crate) fn since(creation: &Creation) -> Timestamp {
    creation.claimed_at.time() - SKEW
}

pub(crate) fn next(record: &Record, now: Timestamp, settle_time: SignedDuration) -> Next {
    if let Some(account) = &record.account_id {
        return Next::Done(account.clone());
    }
    let Some(creation) = &record.creation else { return Next::Call };
    let earlier_attempt = creation.attempt < record.attempt;
    if let Some(reason) = &creation.failed {
        return if earlier_attempt { Next::Call } else { Next::Failed(reason.clone()) };
    }
    if let Some(status_id) = &creation.status_id {
        return Next::Poll(status_id.clone());
    }
    let unsettled = now.duration_since(creation.claimed_at.time()) < settle_time;
    Next::Search(Search {
        since: since(creation),
        nothing_found: match (unsettled, earlier_attempt) {
            (true, _) => NothingFound::AskAgain,
            (false, false) => NothingFound::GiveUp,
            (false, true) => NothingFound::CallAgain,
        },
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use landing_zone::{AccountRequest, RequestId};
    use ledger::State;

    const SETTLE: SignedDuration = SignedDuration::from_mins(5);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    pub(crate) fn record(attempt: u32, creation: Option<Creation>) -> Record {
        let body = serde_json::json!({
            "name": "Claims", "accountType": "audit", "ownerEmail": "o@example.com", "costCenter": "1",
            "dataClassification": "internal", "purpose": "Claims"
        });
        Record {
            request_id: RequestId::generate(),
            state: State::Creating,
            created_at: at(0).into(),
            updated_at: at(0).into(),
            attempt,
            request: AccountRequest::parse(body.as_object().unwrap()).unwrap(),
            root_email: "aws+claims@example.com".parse().unwrap(),
            requester: "arn:aws:iam::111111111111:user/jane".into(),
            fingerprint: String::new(),
            creation,
            account_id: None,
            organizational_unit: None,
            attestation: Vec::new(),
            steps: [].into(),
            failure: None,
        }
    }

    fn claimed() -> Creation {
        Creation { token: "t".into(), attempt: 1, claimed_at: at(0).into(), status_id: None, failed: None }
    }

    fn nothing_found(next: &Next) -> NothingFound {
        match next {
            Next::Search(search) => search.nothing_found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_call_is_made_once() {
        assert_eq!(next(&record(1, None), at(0), SETTLE), Next::Call);
        assert_ne!(next(&record(1, Some(claimed())), at(0), SETTLE), Next::Call);
        assert_ne!(next(&record(1, Some(claimed())), at(100_000), SETTLE), Next::Call);
    }

    #[test]
    fn a_lost_answer_is_looked_for_until_the_settle_time_is_over() {
        let lost = record(1, Some(claimed()));
        assert_eq!(nothing_found(&next(&lost, at(299), SETTLE)), NothingFound::AskAgain);
        assert_eq!(nothing_found(&next(&lost, at(300), SETTLE)), NothingFound::GiveUp);
        let again = record(2, Some(claimed()));
        assert_eq!(nothing_found(&next(&again, at(299), SETTLE)), NothingFound::AskAgain);
        assert_eq!(nothing_found(&next(&again, at(300), SETTLE)), NothingFound::CallAgain);
    }

    #[test]
    fn a_failed_creation_stays_failed_until_a_person_asks_again() {
        let failed = Creation { failed: Some("INTERNAL_FAILURE".into()), status_id: Some("car-1".into()), ..claimed() };
        assert_eq!(next(&record(1, Some(failed.clone())), at(0), SETTLE), Next::Failed("INTERNAL_FAILURE".into()));
        assert_eq!(next(&record(2, Some(failed)), at(0), SETTLE), Next::Call);
    }

    #[test]
    fn a_creation_in_progress_is_polled_in_every_attempt() {
        let running = Creation { status_id: Some("car-1".into()), ..claimed() };
        for attempt in [1, 2] {
            assert_eq!(next(&record(attempt, Some(running.clone())), at(0), SETTLE), Next::Poll("car-1".into()));
        }
    }
}
