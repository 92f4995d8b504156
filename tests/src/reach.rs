//! What an account can still do under each guardrail, as a table for people.

pub use guardrails::reach::{Reach, reach};

/// One line per question: what each policy answers, the mildest first, and what was asked.
#[must_use]
pub fn listing(answers: &[Reach]) -> String {
    let question = |one: &Reach| (one.action.clone(), one.resource.clone(), one.principal.clone(), one.context.clone());
    let mut lines: Vec<String> = Vec::new();
    let mut reason = "";
    for answers in answers.chunk_by(|one, other| question(one) == question(other)) {
        let Some(first) = answers.first() else { continue };
        if reason != first.why {
            reason = &first.why;
            lines.push(format!("\n{}{reason}", columns(answers, |one| one.guardrail.id())));
        }
        lines.push(format!("{}{}{}", columns(answers, verdict), first.action, circumstances(first)));
    }
    lines.join("\n") + "\n"
}

fn verdict(one: &Reach) -> &'static str {
    match (one.allowed, one.expected) {
        (true, true) => "allowed",
        (false, false) => "denied",
        (true, false) => "ALLOWED (wrong)",
        (false, true) => "DENIED (wrong)",
    }
}

fn columns(answers: &[Reach], word: fn(&Reach) -> &'static str) -> String {
    let words: Vec<String> = answers.iter().map(|one| format!("{:<16}", word(one))).collect();
    words.concat()
}

/// What else IAM was told: keys, a resource and a principal that matter.
fn circumstances(one: &Reach) -> String {
    let keys = one.context.iter().map(|(key, values)| format!(" {key}={}", values.join(",")));
    let named = (!one.resource.ends_with(":any")).then(|| format!(" on {}", one.resource));
    let other = (!one.principal.ends_with("/Administrator")).then(|| format!(" by {}", one.principal));
    let told: Vec<String> = keys.chain(named).chain(other).collect();
    told.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_listed_and_right() {
        let answers = reach().unwrap();
        let text = listing(&answers);
        println!("{text}");
        let lines = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(2 * (lines("allowed") + lines("denied")), answers.len());
        assert!(!text.contains("(wrong)"));
        assert!(text.contains("denied          denied          ec2:RunInstances ec2:InstanceType=p5.48xlarge\n"));
        assert!(text.contains("allowed         denied          bedrock:InvokeModel\n"));
    }
}
