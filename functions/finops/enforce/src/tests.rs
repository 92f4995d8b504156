//! Steps from end to end against an AWS in memory: undisturbed, disturbed by people, and killed at every call.

mod crash;
mod people;

use crate::testing::{Run, Wire, World};
use finops::{Direction, Stage};
use insta::assert_snapshot;

const UP: [Stage; 3] = [Stage::Restrict, Stage::Stop, Stage::Freeze];
const DOWN: [Stage; 3] = [Stage::Stop, Stage::Restrict, Stage::None];

/// An account that went up, as far as `to`.
async fn brought(to: Stage) -> Wire {
    let wire = Wire::new(World::new());
    for stage in UP.into_iter().filter(|stage| *stage <= to) {
        assert_eq!(wire.take(Direction::Up, stage).await, Run::Done, "{stage}");
        crate::testing::later(3600);
    }
    wire
}

fn statuses(wire: &Wire) -> String {
    wire.with(|world| {
        let all = world.notebooks.iter().map(|(name, notebook)| format!("{name} {}", notebook.status));
        all.collect::<Vec<_>>().join(", ")
    })
}

fn attached(wire: &Wire) -> String {
    wire.with(|world| world.attached.iter().cloned().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn up_to_freeze_and_down_again_leaves_nothing_behind() {
    let wire = Wire::new(World::new());
    let before = wire.with(|world| world.clone());
    for (stage, policies, notebooks) in [
        (Stage::Restrict, "p-FullAWSAccess p-spend-restrict", "InService"),
        (Stage::Stop, "p-FullAWSAccess p-spend-restrict", "Stopped"),
        (Stage::Freeze, "p-FullAWSAccess p-spend-freeze p-spend-restrict", "Stopped"),
    ] {
        assert_eq!(wire.take(Direction::Up, stage).await, Run::Done, "{stage}");
        assert_eq!(attached(&wire), policies, "{stage}");
        assert_eq!(statuses(&wire), format!("kept InService, lab {notebooks}, off Stopped, pad {notebooks}"));
        let record = wire.record().await;
        assert_eq!((record.stage, &record.lease, &record.failure, record.begun), (stage, &None, &None, None));
        crate::testing::later(3600);
    }
    let letters: Vec<String> = wire.with(|world| {
        world.letters.iter().map(|(kind, subject, text)| format!("[{kind}] {subject}\n{text}")).collect()
    });
    assert_snapshot!("letters_up", letters.join("\n\n----\n\n"));
    for stage in DOWN {
        assert_eq!(wire.take(Direction::Down, stage).await, Run::Done, "{stage}");
        assert_eq!(wire.record().await.stage, stage);
        crate::testing::later(3600);
    }
    let letter = wire.with(|world| world.letters.last().cloned()).unwrap();
    assert_snapshot!("letter_down", format!("[{}] {}\n{}", letter.0, letter.1, letter.2));
    let record = wire.record().await;
    assert!(record.guardrails.is_empty() && record.reached.is_none());
    wire.with(|world| {
        assert_eq!((&world.attached, &world.notebooks), (&before.attached, &before.notebooks));
        assert!(world.items.keys().all(|id| !id.starts_with("stopped#")));
        assert_eq!((world.letters.len(), world.events.len()), (6, 6));
        assert!(world.events.iter().all(|(kind, _)| kind == "Spend Step Taken"));
    });
}
