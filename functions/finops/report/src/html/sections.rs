//! The head of the page, and the parts that are tables only.

use super::{Cell, Section, Table, Tile, money, number, percent, quiet, said, text};
use crate::{
    amount::Amount,
    commitments::Covered,
    model::{Gap, IdleRow, Report},
};
use finops::{IdleState, Mode, Unit, day_of};
use landing_zone::AccountId;

/// Gaps that are named at the top, and accounts that one names.
const MOST_WARNINGS: usize = 4;
const MOST_ACCOUNTS: usize = 12;

pub(super) fn introduction(report: &Report) -> Vec<String> {
    let reach = match (report.through, report.whole_through) {
        (Some(through), Some(whole)) => {
            format!("Bills go through {through}; days after {whole} may still grow.")
        }
        _ => "No bill is known.".to_owned(),
    };
    let mode = match report.mode {
        Mode::Report => "The policy only reports: nothing is done against spending.",
        Mode::Enforce => "The policy is enforced.",
    };
    vec![format!("Amounts are in {}, before credits and refunds, by days of UTC. {reach} {mode}", report.currency)]
}

pub(super) fn tiles(report: &Report) -> Vec<Tile> {
    let total = &report.total;
    let shown = |amount: Option<Amount>| amount.map_or("not known".to_owned(), |amount| amount.to_string());
    let tile = |name, amount, note: String| Tile { name, value: shown(amount), note, class: "" };
    let through = report.through.map_or(String::new(), |through| format!("through {through}"));
    let ai = total.ai.map_or(String::new(), |ai| format!("{ai} of it for AI services"));
    let credits = total.credits.filter(|credits| credits.0 < rust_decimal::Decimal::ZERO);
    let credits = credits.map_or(String::new(), |credits| format!("; credits {credits}"));
    let without = match total.without_forecast {
        0 => "of all accounts".to_owned(),
        some => format!("without {some} accounts that have no forecast"),
    };
    let idle = &report.idle;
    let saving = match (idle.accounts, idle.found.len()) {
        (0, _) => "not looked for yet".to_owned(),
        (_, 0) => "nothing idle was found".to_owned(),
        (_, found) => format!("a month, by {found} idle resources; {} without a price", idle.unpriced),
    };
    let unseen = match (idle.accounts, idle.unseen) {
        (0, _) | (_, 0) => String::new(),
        (_, some) => format!("; {some} accounts could not be judged wholly"),
    };
    let over = match total.over {
        0 if total.unknown == report.accounts.len() => ("not known".to_owned(), ""),
        0 => ("0".to_owned(), ""),
        some => (some.to_string(), "bad"),
    };
    let of_resources = match report.tags.swept_at {
        Some(_) => format!("{} of {}", report.tags.untagged, report.tags.resources),
        None => "not swept yet".to_owned(),
    };
    let untagged = report.tags.untagged_percent.map_or("not known".to_owned(), |percent| format!("{percent:.1} %"));
    vec![
        tile(
            "This month",
            total.this_month,
            format!("{through}{}{ai}{credits}", if ai.is_empty() { "" } else { "; " }),
        ),
        tile("Last month", total.last_month, format!("{} to {}", report.before.start, last(report.before))),
        tile("Expected this month", total.forecast, without),
        Tile {
            name: "Over the limit",
            value: over.0,
            note: format!(
                "{} expected to be, {} within, {} not known",
                total.expected_over, total.within, total.unknown
            ),
            class: over.1,
        },
        tile("Could be saved", idle.saving, format!("{saving}{unseen}")),
        Tile { name: "Resources without their tags", value: untagged, note: of_resources, class: "" },
    ]
}

pub(super) fn warnings(report: &Report) -> Vec<String> {
    let told = report.gaps.iter().take(MOST_WARNINGS).map(|gap| {
        let where_ = match gap.accounts.len() {
            0 => String::new(),
            1 => " (1 account)".to_owned(),
            many => format!(" ({many} accounts)"),
        };
        format!("{}{where_}", gap.what)
    });
    let more = report.gaps.len().saturating_sub(MOST_WARNINGS);
    told.chain((more > 0).then(|| format!("{more} more at the end."))).collect()
}

pub(super) fn idle(report: &Report) -> Section {
    let idle = &report.idle;
    let mut says = vec![match (idle.accounts, idle.found.len()) {
        (0, _) => "Idle resources were not looked for yet.".to_owned(),
        (accounts, 0) => format!("Nothing idle was found in {accounts} accounts."),
        (accounts, _) => format!(
            "Nobody uses these, as far as it shows; it was looked for in {accounts} accounts. What is stopped saves already and is not in the sum."
        ),
    }];
    if idle.accounts > 0 && idle.unseen > 0 {
        says.push(format!("{} accounts could not be judged wholly: more in them may be idle.", idle.unseen));
    }
    let row = |row: &IdleRow| {
        vec![
            text(format!("{} {}", row.kind, row.name)).with(format!("{} in {}", row.account, row.region)),
            said(row.owner.as_ref(), "nobody"),
            text(row.evidence.clone()),
            quiet(row.since.map(|since| day_of(since).to_string()).unwrap_or_default()),
            money(row.monthly_saving),
            state(&row.state),
        ]
    };
    let head = ["Resource", "Owner", "Evidence", "Since", "#Saves a month", "State"];
    let tables = Table::of("", &head, idle.found.iter().map(row)).into_iter().collect();
    Section { id: "idle", title: "Idle resources", says, figure: None, tables }
}

fn state(state: &IdleState) -> Cell {
    text(match state {
        IdleState::Found => "found".to_owned(),
        IdleState::Warned { at, stops_at: None } => format!("owner told on {}", day_of(*at)),
        IdleState::Warned { at, stops_at: Some(stops_at) } => {
            format!("owner told on {}; to be stopped on {}", day_of(*at), day_of(*stops_at))
        }
        IdleState::Stopped { at } => format!("stopped on {}", day_of(*at)),
        IdleState::Kept { why } => format!("kept: {why}"),
    })
}

pub(super) fn tags(report: &Report) -> Section {
    let tags = &report.tags;
    let mut says = match (tags.swept_at, tags.untagged_percent) {
        (Some(at), Some(percent)) => vec![format!(
            "{} of {} resources ({percent:.1} %) lack a required tag; the oldest sweep is of {}.",
            tags.untagged,
            tags.resources,
            day_of(at)
        )],
        (Some(_), None) => vec!["The sweeps found no resources.".to_owned()],
        (None, _) => vec!["Resources were not swept for tags: the share is not known.".to_owned()],
    };
    if tags.unreachable > 0 {
        says.push(format!("{} accounts could not be entered and count nowhere here.", tags.unreachable));
    }
    let keys = tags.keys.iter().map(|(key, lacking)| vec![text(key.clone()), number(lacking)]);
    let share = |name: &str, amount, share| vec![text(name), money(amount), percent(share)];
    let spending = [
        share("of accounts without owner", tags.without_owner, tags.without_owner_percent),
        share("of accounts without cost center", tags.without_cost_center, tags.without_cost_center_percent),
    ];
    let tables = [
        Table::of("Spending that nobody answers for", &["This month", "#Amount", "#Share"], spending.into_iter()),
        Table::of("Resources by missing tag", &["Tag", "#Resources without it"], keys),
    ];
    let tables = tables.into_iter().flatten().collect();
    Section { id: "tags", title: "Untagged share", says, figure: None, tables }
}

pub(super) fn commitments(report: &Report) -> Section {
    let commitments = &report.commitments;
    let row = |name: &str, unit: &str, covered: &Covered| match covered {
        Covered::Known { covered, of, percent: share } => vec![
            text(name),
            percent(*share),
            number(format!("{} {unit}", Amount(*covered))),
            number(format!("{} {unit}", Amount(*of))),
        ],
        Covered::None => vec![
            text(name).with("there are none, or nothing that they could cover"),
            Cell::new("none", "number quiet"),
            text(""),
            text(""),
        ],
        Covered::Unavailable { why } => {
            vec![text(name).with(why.as_str()), Cell::new("not known", "number quiet"), text(""), text("")]
        }
    };
    let rows = [
        row("Savings Plans, by cost", "USD", &commitments.savings_plans),
        row("EC2 reservations, by hours", "h", &commitments.reservations),
    ];
    Section {
        id: "commitments",
        title: "Savings Plans and reservations",
        says: vec![format!(
            "What commitments covered from {} to {}.",
            commitments.month.start,
            last(commitments.month)
        )],
        figure: None,
        tables: Table::of("", &["Commitment", "#Covers", "#Covered", "#Could be"], rows.into_iter())
            .into_iter()
            .collect(),
    }
}

pub(super) fn last(window: finops::Window) -> jiff::civil::Date {
    window.end.saturating_sub(jiff::Span::new().days(1))
}

pub(super) fn unpriced(report: &Report) -> Section {
    let unit = |unit: Unit| match unit {
        Unit::Tokens => "tokens",
        Unit::Images => "images",
        Unit::Requests => "requests",
        Unit::Hours => "hours",
    };
    let rows = report.unpriced.iter().map(|row| {
        let quantity = Amount(row.quantity).to_string();
        let quantity = quantity.strip_suffix(".00").unwrap_or(&quantity);
        vec![
            text(row.what.clone()),
            number(format!("{quantity} {}", unit(row.unit))),
            number(row.accounts),
            text(row.why.clone()),
        ]
    });
    let says = if report.metered == 0 {
        "The meter saw no account yet."
    } else if report.unpriced.is_empty() {
        "Everything that the meter saw has a price."
    } else {
        "The meter saw this and the price list has no price for it: it is in no estimate until the bill shows it."
    };
    let head = ["What", "#Used", "#Accounts", "Why"];
    let tables = Table::of("", &head, rows).into_iter().collect();
    Section { id: "unpriced", title: "Used and without a price", says: vec![says.to_owned()], figure: None, tables }
}

pub(super) fn gaps(report: &Report) -> Section {
    let row = |gap: &Gap| {
        let named: Vec<&str> = gap.accounts.iter().take(MOST_ACCOUNTS).map(AccountId::as_str).collect();
        let more = gap.accounts.len().saturating_sub(MOST_ACCOUNTS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let count = if gap.accounts.is_empty() { Cell::new("all", "number") } else { number(gap.accounts.len()) };
        vec![text(gap.what.clone()), count, quiet(format!("{}{more}", named.join(", ")))]
    };
    let says = if report.gaps.is_empty() {
        "Everything that is asked for is known and fresh."
    } else {
        "None of this is counted as zero."
    };
    let tables = Table::of("", &["What", "#Accounts", "Which"], report.gaps.iter().map(row)).into_iter().collect();
    Section { id: "gaps", title: "Not known, old, or not believed", says: vec![says.to_owned()], figure: None, tables }
}
