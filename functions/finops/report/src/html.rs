//! The report as one page: no script, nothing loaded, light and dark, and fit for paper.

mod account_sections;
mod sections;
mod share_sections;

use crate::{
    amount::Amount,
    charts::{COLOURS, Colour},
    model::Report,
};
use askama::Template;
use rust_decimal::Decimal;
use std::fmt::{Display, Write as _};

/// Rows of a table on the page; CSV and JSON have all.
const MOST_ROWS: usize = 100;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    made: String,
    says: Vec<String>,
    colours: Colours,
    tiles: Vec<Tile>,
    warnings: Vec<String>,
    sections: Vec<Section>,
}

/// The colours of charts, in the light and in the dark.
struct Colours {
    light: String,
    dark: String,
    rules: String,
}

/// A figure at the top.
struct Tile {
    name: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

/// A part of the page.
#[derive(Default)]
struct Section {
    id: &'static str,
    title: &'static str,
    says: Vec<String>,
    figure: Option<Figure>,
    tables: Vec<Table>,
}

/// A chart.
struct Figure {
    caption: String,
    svg: String,
    legend: Vec<(&'static str, String)>,
}

/// A table.
struct Table {
    title: String,
    head: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    left_out: usize,
}

struct Column {
    name: String,
    class: &'static str,
}

struct Cell {
    text: String,
    /// A second line.
    note: String,
    class: &'static str,
}

/// Makes the page.
pub(crate) fn html(report: &Report) -> Result<String, String> {
    let page = Page {
        title: format!("Spending report of {}", finops::day_of(report.at)),
        made: report.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        says: sections::introduction(report),
        colours: colours(),
        tiles: sections::tiles(report),
        warnings: sections::warnings(report),
        sections: vec![
            share_sections::days(report)?,
            account_sections::accounts(report)?,
            share_sections::who(report),
            share_sections::services(report)?,
            share_sections::models(report),
            account_sections::waiting(report),
            sections::idle(report),
            sections::tags(report),
            sections::commitments(report),
            sections::unpriced(report),
            sections::gaps(report),
        ],
    };
    page.render().map_err(|error| error.to_string())
}

impl Table {
    /// A table of the first rows of many, or none of none; names of columns that hold numbers begin with `#`.
    fn of(title: &str, head: &[&str], rows: impl ExactSizeIterator<Item = Vec<Cell>>) -> Option<Self> {
        let column = |name: &&str| match name.strip_prefix('#') {
            Some(name) => Column { name: name.to_owned(), class: "number" },
            None => Column { name: (*name).to_owned(), class: "" },
        };
        let left_out = rows.len().saturating_sub(MOST_ROWS);
        let rows: Vec<Vec<Cell>> = rows.take(MOST_ROWS).collect();
        (!rows.is_empty()).then(|| Self {
            title: title.to_owned(),
            head: head.iter().map(column).collect(),
            rows,
            left_out,
        })
    }
}

impl Cell {
    fn new(text: impl Into<String>, class: &'static str) -> Self {
        Self { text: text.into(), note: String::new(), class }
    }

    fn with(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::new(text, "")
}

fn quiet(text: impl Into<String>) -> Cell {
    Cell::new(text, "quiet")
}

fn number(number: impl Display) -> Cell {
    Cell::new(format!("{number}"), "number")
}

/// What is not known is not a number.
fn money(amount: Option<Amount>) -> Cell {
    amount.map_or(Cell::new("not known", "number quiet"), number)
}

fn percent(percent: Option<Decimal>) -> Cell {
    match percent {
        Some(percent) => number(format!("{percent:.1} %")),
        None => Cell::new("–", "number quiet"),
    }
}

fn said(what: Option<&String>, otherwise: &str) -> Cell {
    what.filter(|what| !what.is_empty()).map_or_else(|| quiet(otherwise), text)
}

/// Charts carry their light colours; the style sheet exchanges them where it is dark.
fn colours() -> Colours {
    let mut colours = Colours { light: String::new(), dark: String::new(), rules: String::new() };
    for Colour { name, light, dark } in &COLOURS {
        let hex = format!("#{:02X}{:02X}{:02X}", light.0, light.1, light.2);
        let _ = write!(colours.light, "--{name}:{hex};");
        let _ = write!(colours.dark, "--{name}:{dark};");
        let _ = write!(
            colours.rules,
            "svg [fill=\"{hex}\"]{{fill:var(--{name})}}svg [stroke=\"{hex}\"]{{stroke:var(--{name})}}i.{name}{{background:var(--{name})}}"
        );
    }
    colours
}
