//! Which guardrail to attach or detach next. Pure.

use finops::{Holder, Stage, guardrails_of};
use guardrails::Guardrail;
use std::collections::{BTreeMap, BTreeSet};

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Put on record that it is ours, before it is attached.
    Claim(Guardrail),
    /// Attach it.
    Attach(Guardrail),
    /// Put on record that somebody else attached it: it stays when the stage does not need it any more.
    Adopt(Guardrail),
    /// Detach it: it is ours, and beyond the stage.
    Detach(Guardrail),
    /// Strike it off the record.
    Forget(Guardrail),
}

/// What leads to a stage from what is on record and what is attached; none once the account is as the stage needs it.
/// What is beyond the stage goes before what is missing comes, for an account holds only so many policies.
pub(crate) fn next(to: Stage, held: &BTreeMap<Guardrail, Holder>, attached: &BTreeSet<Guardrail>) -> Option<Next> {
    let needed = guardrails_of(to);
    let beyond = Guardrail::all().into_iter().rev().filter(|guardrail| !needed.contains(guardrail));
    let away = beyond.filter_map(|guardrail| match (held.get(&guardrail)?, attached.contains(&guardrail)) {
        (Holder::Ours, true) => Some(Next::Detach(guardrail)),
        _ => Some(Next::Forget(guardrail)),
    });
    let missing = needed.iter().filter_map(|guardrail| {
        let guardrail = *guardrail;
        match (held.get(&guardrail), attached.contains(&guardrail)) {
            (Some(Holder::Ours), false) => Some(Next::Attach(guardrail)),
            (_, false) => Some(Next::Claim(guardrail)),
            (None, true) => Some(Next::Adopt(guardrail)),
            (Some(_), true) => None,
        }
    });
    away.chain(missing).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Guardrail::{SpendFreeze, SpendRestrict};
    use Holder::{Another, Ours};
    use proptest::prelude::*;

    #[test]
    fn the_record_comes_before_the_call_up_and_after_it_down() {
        let (none, both) = (BTreeSet::new(), BTreeSet::from(Guardrail::all()));
        let ours = BTreeMap::from([(SpendRestrict, Ours)]);
        assert_eq!(next(Stage::Restrict, &BTreeMap::new(), &none), Some(Next::Claim(SpendRestrict)));
        assert_eq!(next(Stage::Restrict, &ours, &none), Some(Next::Attach(SpendRestrict)));
        assert_eq!(next(Stage::Restrict, &ours, &both), None);
        assert_eq!(next(Stage::Freeze, &ours, &both), Some(Next::Adopt(SpendFreeze)));
        assert_eq!(next(Stage::None, &ours, &both), Some(Next::Detach(SpendRestrict)));
        assert_eq!(next(Stage::None, &ours, &none), Some(Next::Forget(SpendRestrict)));
        assert_eq!(next(Stage::None, &BTreeMap::new(), &both), None);
        let anothers = BTreeMap::from([(SpendFreeze, Another)]);
        assert_eq!(next(Stage::Stop, &anothers, &both), Some(Next::Forget(SpendFreeze)));
        assert_eq!(
            next(Stage::Freeze, &BTreeMap::from([(SpendRestrict, Another)]), &none),
            Some(Next::Claim(SpendRestrict))
        );
    }

    /// An account and the record of it.
    #[derive(Debug, Clone, PartialEq)]
    struct Here {
        held: BTreeMap<Guardrail, Holder>,
        attached: BTreeSet<Guardrail>,
    }

    impl Here {
        /// Goes on to the end; nothing of somebody else's is detached.
        fn bring(&mut self, to: Stage) {
            for _ in 0..10 {
                match next(to, &self.held, &self.attached) {
                    None => return,
                    Some(Next::Claim(guardrail)) => drop(self.held.insert(guardrail, Ours)),
                    Some(Next::Adopt(guardrail)) => drop(self.held.insert(guardrail, Another)),
                    Some(Next::Forget(guardrail)) => drop(self.held.remove(&guardrail)),
                    Some(Next::Attach(guardrail)) => {
                        assert_eq!(self.held.get(&guardrail), Some(&Ours));
                        assert!(self.attached.insert(guardrail));
                    }
                    Some(Next::Detach(guardrail)) => {
                        assert_eq!(self.held.get(&guardrail), Some(&Ours));
                        assert!(self.attached.remove(&guardrail));
                    }
                }
            }
            panic!("it does not end: {self:?}");
        }
    }

    fn stage() -> impl Strategy<Value = Stage> {
        proptest::sample::select(vec![Stage::None, Stage::Notify, Stage::Restrict, Stage::Stop, Stage::Freeze])
    }

    fn guardrails() -> impl Strategy<Value = BTreeSet<Guardrail>> {
        proptest::sample::subsequence(Guardrail::all().to_vec(), 0..=2).prop_map(BTreeSet::from_iter)
    }

    proptest! {
        #[test]
        fn whatever_the_way_it_ends_where_it_began(attached in guardrails(), way in prop::collection::vec(stage(), 0..6)) {
            let before = Here { held: BTreeMap::new(), attached };
            let mut here = before.clone();
            for to in way {
                here.bring(to);
                prop_assert!(guardrails_of(to).iter().all(|needed| here.attached.contains(needed)));
                prop_assert!(before.attached.is_subset(&here.attached));
            }
            here.bring(Stage::None);
            prop_assert_eq!(here, before);
        }

        #[test]
        fn it_ends_from_wherever_it_was_left(
            attached in guardrails(),
            ours in guardrails(),
            anothers in guardrails(),
            to in stage(),
        ) {
            let held = anothers.into_iter().map(|one| (one, Another)).chain(ours.into_iter().map(|one| (one, Ours)));
            let mut here = Here { held: held.collect(), attached };
            here.bring(to);
            let needed = guardrails_of(to);
            prop_assert!(needed.iter().all(|needed| here.attached.contains(needed)));
            prop_assert!(here.held.keys().all(|held| needed.contains(held)));
        }
    }
}
