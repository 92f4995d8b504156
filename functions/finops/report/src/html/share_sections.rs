//! Spending by day, by who spent it, by service and by model.

use super::{Figure, Section, Table, money, number, percent, said, text};
use crate::{
    amount::Amount,
    billed::Models,
    charts::{Bar, Stack, bars, stacked},
    model::{DaySpend, Report, Share},
};
use rust_decimal::Decimal;

/// Environments in the order of their colours.
const ENVIRONMENTS: [(&str, &str, &str); 5] = [
    ("part0", "prod", "PROD"),
    ("part1", "test", "TEST"),
    ("part2", "dev", "DEV"),
    ("part3", "core", "platform accounts"),
    ("part4", "unknown", "not known"),
];

/// Services in the chart.
const MOST_BARS: usize = 12;

pub(super) fn days(report: &Report) -> Result<Section, String> {
    let stack = |day: &DaySpend| {
        let part = |(_, name, _): &(&str, &str, &str)| day.environments.get(*name).map(|sum| sum.0).unwrap_or_default();
        Stack {
            label: day.day.strftime("%-d %b").to_string(),
            parts: ENVIRONMENTS.iter().map(part).collect(),
            whole: day.whole,
        }
    };
    let stacks: Vec<Stack> = report.days.iter().map(stack).collect();
    let spent = |name: &str| report.days.iter().any(|day| day.environments.contains_key(name));
    let legend = ENVIRONMENTS.iter().filter(|(_, name, _)| spent(name));
    let figure = if stacks.is_empty() {
        None
    } else {
        Some(Figure {
            caption: format!("{} a day by environment, this and last month; pale days may still grow", report.currency),
            svg: stacked(&stacks)?,
            legend: legend.map(|(colour, _, name)| (*colour, (*name).to_owned())).collect(),
        })
    };
    let says = if stacks.is_empty() { vec!["No bill shows any day yet.".to_owned()] } else { Vec::new() };
    Ok(Section { id: "days", title: "Day by day", says, figure, tables: Vec::new() })
}

pub(super) fn who(report: &Report) -> Section {
    let table = |title: &str, name: &str, shares: &[Share], otherwise: &str| {
        let row = |share: &Share| {
            let accounts = match share.unknown {
                0 => share.accounts.to_string(),
                some => format!("{} ({some} not known)", share.accounts),
            };
            vec![
                said(share.name.as_ref(), otherwise),
                number(accounts),
                money(share.this_month),
                money(share.last_month),
                percent(share.percent),
            ]
        };
        Table::of(title, &[name, "#Accounts", "#This month", "#Last month", "#Share"], shares.iter().map(row))
    };
    let tables = [
        table("By environment", "Environment", &report.environments, "not known"),
        table("By account type", "Type", &report.account_types, "no type"),
        table("By owner", "Owner", &report.owners, "nobody"),
        table("By cost center", "Cost center", &report.cost_centers, "none"),
    ];
    let tables = tables.into_iter().flatten().collect();
    let says = if report.accounts.is_empty() { vec!["No account is known yet.".to_owned()] } else { Vec::new() };
    Section { id: "who", title: "Who spent it", says, figure: None, tables }
}

pub(super) fn services(report: &Report) -> Result<Section, String> {
    let bar = |share: &Share| {
        let amount = share.this_month?;
        let shown = share.percent.map_or(amount.to_string(), |percent| format!("{amount} ({} %)", percent.round()));
        let label = share.name.clone().unwrap_or_default();
        (amount.0 > Decimal::ZERO).then_some(Bar { label, value: amount.0, shown, mark: None, over: false })
    };
    let drawn: Vec<Bar> = report.services.iter().filter_map(bar).take(MOST_BARS).collect();
    let figure = if drawn.is_empty() {
        None
    } else {
        Some(Figure {
            caption: format!("{} this month, the {} services that cost most", report.currency, drawn.len()),
            svg: bars(&drawn, None, "")?,
            legend: Vec::new(),
        })
    };
    let row = |share: &Share| {
        vec![
            said(share.name.as_ref(), "not named"),
            number(share.accounts),
            money(share.this_month),
            money(share.last_month),
            percent(share.percent),
        ]
    };
    let head = ["Service", "#Accounts", "#This month", "#Last month", "#Share"];
    let says = if report.services.is_empty() { vec!["No bill shows any service yet.".to_owned()] } else { Vec::new() };
    let tables = Table::of("", &head, report.services.iter().map(row)).into_iter().collect();
    Ok(Section { id: "services", title: "By service", says, figure, tables })
}

/// What the bill of this month has of models, and what is to be said of it.
fn billed(report: &Report) -> (Option<Table>, String) {
    let since = report.billed.month.start;
    let models = match &report.billed.models {
        Models::Known { models } if models.is_empty() => {
            return (None, format!("The bill has no model of Bedrock since {since}."));
        }
        Models::Known { models } => models,
        Models::Unavailable { why } => return (None, format!("What the bill has since {since} is not known: {why}.")),
    };
    let rows = models.iter().map(|billed| {
        vec![said(billed.name.as_ref(), "no model"), money(Some(billed.amount)), percent(billed.percent)]
    });
    let total: Amount = models.iter().map(|billed| billed.amount).sum();
    let table = Table::of("As billed", &["Model", "#Amount", "#Share"], rows);
    (table, format!("As billed since {since}, before credits: {total} {} together, a day late.", report.currency))
}

pub(super) fn models(report: &Report) -> Section {
    let rows = report.models.iter().map(|spend| {
        vec![text(spend.model.clone()), number(spend.accounts), number(spend.amount), percent(spend.percent)]
    });
    let total: Amount = report.models.iter().map(|spend| spend.amount).sum();
    let says = if report.metered == 0 {
        "The meter saw no account yet.".to_owned()
    } else if report.models.is_empty() {
        format!("The meter saw no model that has a price since {}.", report.models_from)
    } else {
        format!(
            "As metered and priced by the list since {}, before it is compared with the bill: {total} {} together. Bills show models of other makers among the services.",
            report.models_from, report.currency
        )
    };
    let head = ["Model", "#Accounts", "#Amount", "#Share"];
    let metered = Table::of("As metered", &head, rows);
    let (billed, as_billed) = billed(report);
    let tables = metered.into_iter().chain(billed).collect();
    Section { id: "models", title: "By model", says: vec![says, as_billed], figure: None, tables }
}
