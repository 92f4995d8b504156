//! Breakers: what went wrong of late stops what would come next.

use std::collections::BTreeMap;

/// How many cases ended well and badly within the hour, by scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<String, u64>);

/// Failures of one control or in one account after which it rests for the hour.
const MOST_FAILURES: u64 = 5;

/// Share of failures of all, in percent, beyond which everything rests for the hour.
const MOST_PERCENT: u64 = 25;

/// Cases before that share says anything.
const LEAST_CASES: u64 = 20;

impl Tally {
    /// Times that a problem may come back before somebody has to look.
    pub const MOST_REGRESSIONS: u32 = 3;

    /// The scopes that a case counts in: all, its control, its account; with `+` if it ended well, `-` if not.
    #[must_use]
    pub fn scopes(control: &str, account: &str, well: bool) -> [String; 3] {
        let mark = if well { '+' } else { '-' };
        [format!("all{mark}"), format!("{control}{mark}"), format!("{account}{mark}")]
    }

    /// Why a control rests in an account.
    #[must_use]
    pub fn breaker(&self, control: &str, account: &str) -> Option<String> {
        let count = |scope: &str| self.0.get(scope).copied().unwrap_or(0);
        let [failed, of_control, of_account] = Self::scopes(control, account, false).map(|scope| count(&scope));
        let all = failed.saturating_add(count("all+"));
        if of_control >= MOST_FAILURES {
            Some(format!("{of_control} attempts at {control} failed within the hour"))
        } else if of_account >= MOST_FAILURES {
            Some(format!("{of_account} attempts in account {account} failed within the hour"))
        } else if all >= LEAST_CASES && failed.saturating_mul(100) > all.saturating_mul(MOST_PERCENT) {
            Some(format!("{failed} of {all} attempts failed within the hour"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_an_account_and_the_fleet_rest_by_themselves() {
        let tally =
            |pairs: &[(&str, u64)]| Tally(pairs.iter().map(|(scope, count)| ((*scope).to_owned(), *count)).collect());
        let breaker = |pairs: &[(&str, u64)]| tally(pairs).breaker("S3.8", "111122223333");
        assert_eq!(breaker(&[]), None);
        assert_eq!(breaker(&[("S3.8-", 4), ("111122223333-", 4), ("all-", 4), ("all+", 1)]), None);
        assert!(breaker(&[("S3.8-", 5)]).unwrap().contains("S3.8"));
        assert!(breaker(&[("111122223333-", 5)]).unwrap().contains("account"));
        assert!(breaker(&[("all-", 6), ("all+", 14)]).unwrap().contains("6 of 20"));
        assert_eq!(breaker(&[("all-", 5), ("all+", 15)]), None);
        assert_eq!(breaker(&[("S3.2-", 5), ("444455556666-", 9)]), None);
    }
}
