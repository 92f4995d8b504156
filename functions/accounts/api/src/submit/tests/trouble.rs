//! AWS fails, or another request is there at the same moment.

use super::{failed, kind};
use crate::testing::{Cloud, json_of, post, post_with_key, request_id, valid_body};
use http::header::RETRY_AFTER;
use serde_json::json;

#[tokio::test]
async fn an_exact_repeat_without_key_is_a_conflict_that_loses_nothing() {
    let cloud = Cloud::default();
    cloud.fail("StartExecution", "ThrottlingException", 1);
    let answer = cloud.send(post(&valid_body())).await;
    assert_eq!((answer.status_code, cloud.starts().len()), (429, 0));
    let repeat = cloud.send(post(&valid_body())).await;
    assert_eq!(repeat.status_code, 409);
    let holder = json_of(&repeat)["holder"].as_str().unwrap().to_owned();
    assert_eq!(cloud.starts(), [(holder.clone(), json!({ "requestId": holder, "attempt": 1 }))]);
    // A like request of somebody else starts nothing and resumes nothing.
    let mut other = post(&valid_body());
    other.request_context.identity.user_arn = Some("arn:aws:iam::111122223333:user/joe".to_owned());
    assert_eq!(cloud.send(other.clone()).await.status_code, 409);
    failed(&cloud, &holder);
    assert_eq!(cloud.send(other).await.status_code, 409);
    assert_eq!((cloud.starts().len(), cloud.calls("UpdateItem")), (1, 0));
}

#[tokio::test]
async fn a_start_that_fails_keeps_the_request_and_says_when_to_come_back() {
    for (code, status, retry_after) in [
        ("ThrottlingException", 429, Some("10")),
        ("ExecutionLimitExceeded", 429, Some("10")),
        ("InternalFailure", 503, Some("5")),
        ("AccessDeniedException", 500, None),
        ("StateMachineDoesNotExist", 500, None),
    ] {
        let cloud = Cloud::default();
        cloud.fail("StartExecution", code, 1);
        let answer = cloud.send(post_with_key(&valid_body(), "key-1")).await;
        assert_eq!(answer.status_code, status, "{code}");
        assert_eq!(answer.headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap()), retry_after, "{code}");
        let text = json_of(&answer).to_string();
        assert!(text.contains("is kept") && !text.contains("inside") && !text.contains(code), "{text}");
        let id = request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
        assert!(text.contains(&id));
        assert_eq!(cloud.starts(), [(id.clone(), json!({ "requestId": id, "attempt": 1 }))]);
    }
}

#[tokio::test]
async fn an_execution_that_has_ended_counts_as_started() {
    let cloud = Cloud::default();
    cloud.fail("StartExecution", "ExecutionAlreadyExists", 1);
    request_id(&cloud.send(post(&valid_body())).await);
}

#[tokio::test(start_paused = true)]
async fn transactions_that_meet_are_tried_again() {
    let cloud = Cloud::default();
    cloud.fail("TransactWriteItems", "TransactionCanceledException", 4);
    request_id(&cloud.send(post(&valid_body())).await);
    assert_eq!(cloud.calls("TransactWriteItems"), 5);
    let cloud = Cloud::default();
    cloud.fail("TransactWriteItems", "TransactionCanceledException", 5);
    let answer = cloud.send(post(&valid_body())).await;
    assert_eq!((answer.status_code, kind(&answer).as_str()), (503, "/problems/unavailable"));
    assert!(cloud.item_ids().is_empty() && cloud.starts().is_empty());
}

#[tokio::test]
async fn trouble_with_the_ledger_leaves_nothing_behind() {
    for (code, status) in [
        ("ProvisionedThroughputExceededException", 429),
        ("InternalFailure", 503),
        ("TransactionInProgressException", 503),
        ("AccessDeniedException", 500),
    ] {
        let cloud = Cloud::default();
        cloud.fail("TransactWriteItems", code, 1);
        let answer = cloud.send(post(&valid_body())).await;
        assert_eq!(answer.status_code, status, "{code}");
        assert!(!json_of(&answer).to_string().contains("inside"));
        assert!(cloud.item_ids().is_empty() && cloud.starts().is_empty());
    }
}

#[tokio::test]
async fn a_twin_that_commits_at_the_same_moment_is_the_same_request() {
    let elsewhere = Cloud::default();
    let id = request_id(&elsewhere.send(post_with_key(&valid_body(), "key-1")).await);
    let cloud = Cloud::default();
    cloud.fail("TransactWriteItems", "TransactionCanceledException", 1);
    cloud.commit_after_first_read(&elsewhere);
    assert_eq!(request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await), id);
}
