//! Keeps an AWS Budget per account in step with the policy.
