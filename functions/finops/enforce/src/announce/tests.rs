//! What the letters are like is in the snapshots of the steps.

use super::*;

#[test]
fn subjects_are_what_sns_takes() {
    assert_eq!(subject("Spending:\r\n5 €"), "Spending:??5 ?");
    assert_eq!(subject(&"x".repeat(200)).len(), 99);
}
