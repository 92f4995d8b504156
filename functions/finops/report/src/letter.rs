//! The short text that people get.

use crate::{
    Reason,
    amount::Amount,
    model::{AccountRow, Report},
};
use landing_zone::AccountId;
use std::fmt::Write as _;

/// A letter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// `aws::People` makes it what SNS takes.
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// Accounts and gaps that it names: nobody reads more, and the report has all.
const MOST_NAMED: usize = 20;
const MOST_GAPS: usize = 10;

/// Writes it; `account` came over its limit, where one did.
pub(crate) fn letter(report: &Report, reason: Reason, account: Option<&AccountId>, place: &str) -> Letter {
    let day = finops::day_of(report.at);
    let over = report.total.over;
    let subject = if reason == Reason::Breach {
        let whose = account.map(|account| format!(", account {account}")).unwrap_or_default();
        format!("Spending of {day}{whose}: {} over the limit", accounts(over))
    } else {
        let spent =
            report.total.this_month.map_or("not known".to_owned(), |spent| format!("{spent} {}", report.currency));
        format!("Spending, week to {day}: {spent} this month, {} over the limit", accounts(over))
    };
    let mut text = String::new();
    totals(&mut text, report);
    let mut over: Vec<&AccountRow> = report.over().collect();
    over.sort_by_key(|row| Some(&row.account) != account);
    named(&mut text, "Over the limit:", &over, report);
    named(&mut text, "Expected to come over the limit:", &report.expected_over().collect::<Vec<_>>(), report);
    rest(&mut text, report);
    gaps(&mut text, report);
    let _ = writeln!(text, "\nThe whole report: {place}");
    Letter { subject, text }
}

fn totals(text: &mut String, report: &Report) {
    let total = &report.total;
    let money = |amount: Option<Amount>| match amount {
        Some(amount) => format!("{amount} {}", report.currency),
        None => "not known".to_owned(),
    };
    let through = report.through.map_or("no day".to_owned(), |through| through.to_string());
    let _ = writeln!(text, "This month, as the bill shows it through {through}: {}", money(total.this_month));
    let _ = writeln!(text, "  of it for AI services: {}", money(total.ai));
    let _ = writeln!(text, "Last month: {}", money(total.last_month));
    let without = match total.without_forecast {
        0 => String::new(),
        some => format!(" (without {}, which have no forecast)", accounts(some)),
    };
    let _ = writeln!(text, "This month is expected to come to: {}{without}", money(total.forecast));
    let _ = writeln!(
        text,
        "Of {}, {} are over the limit, {} are expected to be, {} are within it, and of {} it is not known.",
        accounts(report.accounts.len()),
        total.over,
        total.expected_over,
        total.within,
        total.unknown
    );
}

fn named(text: &mut String, title: &str, rows: &[&AccountRow], report: &Report) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for row in rows.iter().take(MOST_NAMED) {
        let money = |amount: Option<Amount>| amount.map_or("not known".to_owned(), |amount| amount.to_string());
        let percent = row.used_percent.map(|percent| format!(" ({percent} %)")).unwrap_or_default();
        let owner = row.owner.as_deref().unwrap_or("no owner");
        let _ = writeln!(
            text,
            "- {}, {}, {owner}: {} of {} {}{percent}, expected {}; stage {}",
            plain(&row.title()),
            row.environment,
            money(row.spent()),
            money(row.limit),
            report.currency,
            money(row.forecast.amount().map(Amount)),
            row.stage
        );
    }
    if rows.len() > MOST_NAMED {
        let _ = writeln!(text, "- and {} more", rows.len() - MOST_NAMED);
    }
}

fn rest(text: &mut String, report: &Report) {
    let _ = writeln!(text);
    let idle = &report.idle;
    if idle.accounts > 0 {
        let saving = match (idle.saving, idle.unpriced) {
            (Some(saving), 0) => format!("{saving} {} a month", report.currency),
            (Some(saving), some) => format!("{saving} {} a month, and {some} without a price", report.currency),
            (None, _) => "what they cost is not known".to_owned(),
        };
        let found = idle.found.len();
        let unseen = match idle.unseen {
            0 => String::new(),
            some => format!("; {} could not be judged wholly", accounts(some)),
        };
        let _ = writeln!(
            text,
            "Idle resources: {found}{}{unseen}",
            if found == 0 { String::new() } else { format!(" ({saving})") }
        );
    }
    if let Some(percent) = report.tags.untagged_percent {
        let _ = writeln!(text, "Resources without all their tags: {percent} % of {}", report.tags.resources);
    }
    if !report.waiting.is_empty() {
        let _ = writeln!(
            text,
            "Steps that were not taken (would act, held, or wait for approval): {}",
            report.waiting.len()
        );
    }
    if !report.unpriced.is_empty() {
        let _ = writeln!(text, "Used and without a price: {} kinds", report.unpriced.len());
    }
}

fn gaps(text: &mut String, report: &Report) {
    if report.gaps.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nNot known:");
    for gap in report.gaps.iter().take(MOST_GAPS) {
        let of = if gap.accounts.is_empty() { String::new() } else { format!(" [{}]", accounts(gap.accounts.len())) };
        let _ = writeln!(text, "- {}{of}", gap.what);
    }
    if report.gaps.len() > MOST_GAPS {
        let _ = writeln!(text, "- and {} more", report.gaps.len() - MOST_GAPS);
    }
}

fn accounts(count: usize) -> String {
    if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") }
}

/// On one line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
