//! Accounts against their limits, and what would have happened to them.

use super::{Cell, Figure, Section, Table, money, percent, quiet, said, text};
use crate::{
    amount::Amount,
    charts::{Bar, bars},
    csv::word,
    model::{AccountRow, Report, Standing, Waiting},
};
use finops::Direction;
use rust_decimal::Decimal;

/// Accounts in the chart.
const MOST_BARS: usize = 20;

pub(super) fn accounts(report: &Report) -> Result<Section, String> {
    let known: Vec<(&AccountRow, Decimal)> =
        report.accounts.iter().filter_map(|row| Some((row, row.used_percent?))).collect();
    let bar = |(row, used): &(&AccountRow, Decimal)| {
        let limit = row.limit?;
        let name = row.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(row.account.as_str());
        Some(Bar {
            label: name.to_owned(),
            value: *used,
            shown: format!("{} % of {limit}", used.round()).trim_end_matches(".00").to_owned(),
            mark: row.forecast.amount().and_then(|forecast| crate::amount::percent(forecast, limit.0)),
            over: row.standing == Standing::Over,
        })
    };
    let mut furthest = known.clone();
    furthest.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
    let drawn: Vec<Bar> = furthest.iter().take(MOST_BARS).filter_map(bar).collect();
    let figure = if drawn.is_empty() {
        None
    } else {
        Some(Figure {
            caption: format!("Spent in percent of the limit, the {} accounts that spent most of theirs", drawn.len()),
            svg: bars(&drawn, Some(Decimal::ONE_HUNDRED), " %")?,
            legend: vec![
                ("part0", "within the limit".to_owned()),
                ("over", "over it".to_owned()),
                ("limit", "the limit".to_owned()),
                ("mark", "expected at the end of the period".to_owned()),
            ],
        })
    };
    let unknown = report.accounts.len().saturating_sub(known.len());
    let mut says = vec![
        "Spent is the bill and, after its last whole day, what the meter saw. The limit, and what is expected, are those of the account's own period."
            .to_owned(),
    ];
    if unknown > 0 {
        says.push(format!(
            "Of {unknown} accounts it is not known how much of their limit they spent: they are in no bar."
        ));
    }
    let head =
        ["Account", "Owner", "#This month", "#Last month", "#Spent", "#Limit", "#Used", "#Expected", "Status", "Stage"];
    let tables = Table::of("", &head, report.accounts.iter().map(row)).into_iter().collect();
    Ok(Section { id: "accounts", title: "Accounts and their limits", says, figure, tables })
}

fn row(row: &AccountRow) -> Vec<Cell> {
    let standing = match row.standing {
        Standing::Over => Cell::new(row.standing.words(), "bad"),
        Standing::ExpectedOver => Cell::new(row.standing.words(), "warn"),
        Standing::Within => text(row.standing.words()),
        Standing::Unknown => quiet(row.standing.words()).with(row.uncounted.as_deref().unwrap_or_default()),
    };
    let called = row.desired.filter(|desired| desired.enforced() != row.stage.enforced());
    let notes: Vec<String> =
        called.map(|desired| format!("should be {desired}")).into_iter().chain(row.notes.clone()).collect();
    let name = row.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("name not known");
    vec![
        text(name).with(format!("{} · {}", row.account, row.environment)),
        said(row.owner.as_ref(), "nobody"),
        money(row.this_month),
        money(row.last_month),
        money(row.spent()),
        money(row.limit),
        percent(row.used_percent),
        money(row.forecast.amount().map(Amount)),
        standing,
        text(row.stage.to_string()).with(notes.join("; ")),
    ]
}

pub(super) fn waiting(report: &Report) -> Section {
    let row = |row: &Waiting| {
        let way = match row.direction {
            Direction::Up => "to",
            Direction::Down => "back to",
            Direction::Again => "again to",
        };
        let held = row.held_by.join("; ");
        vec![
            text(row.title.clone()).with(row.environment.as_str()),
            text(format!("{way} {}", row.to)).with(row.step.as_str()),
            Cell::new(word(row.outcome), "strong"),
            text(row.because.join("; ")),
            if held.is_empty() { quiet("nothing") } else { text(held) },
        ]
    };
    let says = if report.accounts.iter().all(|row| row.decided_at.is_none()) {
        "Nothing was decided about any account yet."
    } else if report.waiting.is_empty() {
        "No step was held, waits for approval, or was only put on record."
    } else {
        "Steps that were called for and not taken: put on record only, held by a rail, or waiting for somebody's approval."
    };
    let head = ["Account", "Step", "Outcome", "Because", "In the way"];
    let tables = Table::of("", &head, report.waiting.iter().map(row)).into_iter().collect();
    Section { id: "waiting", title: "What would have happened", says: vec![says.to_owned()], figure: None, tables }
}
