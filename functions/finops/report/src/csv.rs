//! All accounts as CSV, for spreadsheets: one row each. An empty cell is not known.

use crate::{amount::Amount, model::Report};
use finops::Signal;

const HEAD: [&str; 24] = [
    "account",
    "name",
    "environment",
    "accountType",
    "owner",
    "costCenter",
    "state",
    "currency",
    "thisMonth",
    "lastMonth",
    "periodStart",
    "periodEnd",
    "limit",
    "reported",
    "estimated",
    "forecast",
    "usedPercent",
    "standing",
    "stage",
    "desired",
    "outcome",
    "uncounted",
    "forecastUnavailable",
    "notes",
];

/// Writes them.
pub(crate) fn csv(report: &Report) -> Result<String, String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let failed = |error: ::csv::Error| error.to_string();
    writer.write_record(HEAD).map_err(failed)?;
    for row in &report.accounts {
        let words = |value: &Option<String>| value.clone().unwrap_or_default();
        let money = |amount: Option<Amount>| amount.map(|amount| amount.rounded().to_string()).unwrap_or_default();
        let signal = |signal: &Signal| money(signal.amount().map(Amount));
        let why = match &row.forecast {
            Signal::Unavailable { why } => why.clone(),
            Signal::Known(_) => String::new(),
        };
        let cells = [
            // Spreadsheets take ids for numbers and drop leading zeros; nothing short of a formula keeps them. The name
            // stands beside it.
            row.account.to_string(),
            words(&row.name),
            row.environment.clone(),
            words(&row.account_type),
            words(&row.owner),
            words(&row.cost_center),
            words(&row.state),
            report.currency.to_string(),
            money(row.this_month),
            money(row.last_month),
            row.window.map(|window| window.start.to_string()).unwrap_or_default(),
            row.window.map(|window| window.end.to_string()).unwrap_or_default(),
            money(row.limit),
            signal(&row.reported),
            signal(&row.estimated),
            signal(&row.forecast),
            row.used_percent.map(|percent| percent.to_string()).unwrap_or_default(),
            row.standing.words().to_owned(),
            row.stage.to_string(),
            row.desired.map(|stage| stage.to_string()).unwrap_or_default(),
            row.outcome.map(|outcome| word(outcome).to_owned()).unwrap_or_default(),
            words(&row.uncounted),
            why,
            row.notes.join("; "),
        ];
        writer.write_record(cells.map(harmless)).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// What becomes of a step, in a word.
pub(crate) fn word(outcome: finops::Outcome) -> &'static str {
    match outcome {
        finops::Outcome::Settled => "settled",
        finops::Outcome::Act => "acts now",
        finops::Outcome::Approval => "waits for approval",
        finops::Outcome::Held => "held",
        finops::Outcome::Would => "would act",
    }
}

/// A spreadsheet runs what begins like a formula (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn harmless(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula && cell.parse::<rust_decimal::Decimal>().is_err() { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_numbers_are_numbers() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("\t=1", "'\t=1"),
            ("-3.20", "-3.20"),
            ("Models", "Models"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell.to_owned()), written);
        }
    }
}
