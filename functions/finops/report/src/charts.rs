//! Charts as SVG. What is drawn is rounded to points of the screen: here, and nowhere else, money is a floating-point
//! number. Colours are told apart by the page's style sheet, which knows light and dark.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use std::fmt::Display;

/// A colour as it is drawn, the name it has in the style sheet, and what it is in the dark.
pub(crate) struct Colour {
    pub(crate) name: &'static str,
    pub(crate) light: RGBColor,
    pub(crate) dark: &'static str,
}

const INK: RGBColor = RGBColor(0x33, 0x3A, 0x45);
const GRID: RGBColor = RGBColor(0xD9, 0xDE, 0xE5);
const LIMIT: RGBColor = RGBColor(0x11, 0x18, 0x27);
const OVER: RGBColor = RGBColor(0xD1, 0x49, 0x5B);
const MARK: RGBColor = RGBColor(0x6B, 0x3F, 0xA0);

/// The colours of parts, in the order in which they are given out.
const PARTS: [RGBColor; 5] = [
    RGBColor(0x2B, 0x6C, 0xB0),
    RGBColor(0x2F, 0x9E, 0x8F),
    RGBColor(0xE0, 0x9F, 0x3E),
    RGBColor(0x7B, 0x5E, 0xA7),
    RGBColor(0x8A, 0x94, 0xA6),
];

/// All colours.
pub(crate) const COLOURS: [Colour; 10] = [
    Colour { name: "ink", light: INK, dark: "#c9d1dc" },
    Colour { name: "grid", light: GRID, dark: "#39424f" },
    Colour { name: "limit", light: LIMIT, dark: "#f5f7fa" },
    Colour { name: "over", light: OVER, dark: "#f0728a" },
    Colour { name: "mark", light: MARK, dark: "#c8a8ff" },
    Colour { name: "part0", light: PARTS[0], dark: "#63a4e8" },
    Colour { name: "part1", light: PARTS[1], dark: "#56c9b8" },
    Colour { name: "part2", light: PARTS[2], dark: "#f0b866" },
    Colour { name: "part3", light: PARTS[3], dark: "#a98bd6" },
    Colour { name: "part4", light: PARTS[4], dark: "#9aa5b8" },
];

const WIDTH: u32 = 1_040;

/// Plotters divides sizes of fonts by 1.24 in SVG: these are 12 points.
const FONT: (&str, f64) = ("sans-serif", 15.0);

/// How full days are drawn that may still grow.
const UNCERTAIN: f64 = 0.45;

/// Height of a row of bars, and where bars begin and end.
const ROW: i32 = 26;
const LEFT: i32 = 300;
const RIGHT: i32 = 900;
const TICKS: i32 = 5;

/// Where an axis with a limit ends at last, in percent of it, unless most bars go further.
const MOST_PERCENT: f64 = 250.0;

/// Letters that a name may have beside a bar.
const MOST_LETTERS: usize = 38;

/// One day of a stacked chart: its parts in the order of their names, and whether it is drawn in full.
pub(crate) struct Stack {
    pub(crate) label: String,
    pub(crate) parts: Vec<Decimal>,
    pub(crate) whole: bool,
}

/// One bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: Decimal,
    /// What stands at its end.
    pub(crate) shown: String,
    /// A mark where it is expected to end.
    pub(crate) mark: Option<Decimal>,
    pub(crate) over: bool,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Days beside one another, their parts upon one another.
pub(crate) fn stacked(stacks: &[Stack]) -> Result<String, String> {
    let height = |stack: &Stack| stack.parts.iter().map(|part| point(*part)).sum::<f64>();
    let top = nice(stacks.iter().map(height).fold(0.0, f64::max));
    let last = i32::try_from(stacks.len()).unwrap_or(i32::MAX).saturating_sub(1).max(0);
    drawn(300, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(30)
            .y_label_area_size(64)
            .build_cartesian_2d((0..last).into_segmented(), 0.0..top)
            .map_err(words)?;
        let label = |at: &SegmentValue<i32>| {
            let (SegmentValue::CenterOf(at) | SegmentValue::Exact(at)) = at else { return String::new() };
            let stack = usize::try_from(*at).ok().and_then(|at| stacks.get(at));
            stack.map(|stack| stack.label.clone()).unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(FONT.into_font().color(&INK))
            .x_labels(14)
            .y_labels(6)
            .x_label_formatter(&label)
            .y_label_formatter(&|value| compact(*value))
            .draw()
            .map_err(words)?;
        for (at, stack) in (0..).zip(stacks) {
            let mut base = 0.0;
            for (part, colour) in stack.parts.iter().zip(PARTS.iter().cycle()) {
                let above = base + point(*part);
                let style = colour.mix(if stack.whole { 1.0 } else { UNCERTAIN }).filled();
                let (from, to) = (SegmentValue::Exact(at), SegmentValue::Exact(at + 1));
                let mut body = Rectangle::new([(from, base), (to, above)], style);
                body.set_margin(0, 0, 1, 1);
                chart.draw_series([body]).map_err(words)?;
                base = above;
            }
        }
        Ok(())
    })
}

/// Bars below one another; `limit` is a line through all of them.
pub(crate) fn bars(bars: &[Bar], limit: Option<Decimal>, unit: &str) -> Result<String, String> {
    let ends = bars.iter().flat_map(|bar| [Some(bar.value), bar.mark]).chain([limit]).flatten();
    let furthest = ends.map(point).fold(0.0, f64::max);
    // One account far beyond its limit would leave nothing to see of the others.
    let mut values: Vec<f64> = bars.iter().map(|bar| point(bar.value)).collect();
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let top = nice(if limit.is_some() { furthest.min((2.0 * median).max(MOST_PERCENT)) } else { furthest });
    let rows = i32::try_from(bars.len()).unwrap_or(i32::MAX / ROW);
    let bottom = rows * ROW + 4;
    #[allow(clippy::cast_possible_truncation, reason = "a share of the width of a chart")]
    let x = |value: f64| LEFT + ((value / top).clamp(0.0, 1.0) * f64::from(RIGHT - LEFT)).round() as i32;
    drawn((bottom + 30).unsigned_abs(), |area| {
        for tick in 0..=TICKS {
            let value = top * f64::from(tick) / f64::from(TICKS);
            line(area, GRID.stroke_width(1), x(value), (4, bottom))?;
            text(area, &format!("{}{unit}", compact(value)), (x(value), bottom + 6), HPos::Center, VPos::Top)?;
        }
        let mut texts = Vec::new();
        for (at, bar) in (0..).zip(bars) {
            let (above, below) = (at * ROW + 8, (at + 1) * ROW);
            let middle = i32::midpoint(above, below);
            let end = x(point(bar.value));
            let colour = if bar.over { OVER } else { PARTS[0] };
            area.draw(&Rectangle::new([(LEFT, above), (end, below)], colour.filled())).map_err(words)?;
            text(area, &short(&bar.label), (LEFT - 8, middle), HPos::Right, VPos::Center)?;
            let mark = bar.mark.map(point).filter(|mark| *mark <= top).map(x);
            if let Some(mark) = mark {
                line(area, MARK.stroke_width(3), mark, (above - 2, below + 2))?;
            }
            // What stands at the end of a bar is not crossed by the mark, and is written upon all lines.
            let after = mark.filter(|mark| (end - 4..end + 130).contains(mark)).unwrap_or(end);
            texts.push((&bar.shown, (after + 8, middle)));
        }
        if let Some(limit) = limit {
            line(area, LIMIT.stroke_width(2), x(point(limit)), (0, bottom))?;
        }
        texts.into_iter().try_for_each(|(shown, at)| text(area, shown, at, HPos::Left, VPos::Center))
    })
}

fn drawn(height: u32, draw: impl FnOnce(&Area<'_>) -> Result<(), String>) -> Result<String, String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area)?;
        area.present().map_err(words)?;
    }
    Ok(svg)
}

fn line(area: &Area<'_>, style: ShapeStyle, x: i32, (from, to): (i32, i32)) -> Result<(), String> {
    area.draw(&PathElement::new([(x, from), (x, to)], style)).map_err(words)
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), horizontal: HPos, vertical: VPos) -> Result<(), String> {
    let style = FONT.into_font().color(&INK).pos(Pos::new(horizontal, vertical));
    area.draw(&Text::new(text.to_owned(), at, style)).map_err(words)
}

fn words(error: impl Display) -> String {
    error.to_string()
}

/// Where it is on the screen; what is below zero is drawn as nothing.
fn point(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or_default().max(0.0)
}

/// The end of an axis: a round number, so that its fifths are round as well.
fn nice(furthest: f64) -> f64 {
    if furthest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(furthest.log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|end| *end >= furthest).unwrap_or(furthest)
}

/// `950`, `1.2 k`, `3 M`.
fn compact(value: f64) -> String {
    let units = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let (factor, unit) = units.into_iter().find(|(factor, _)| value >= *factor).unwrap_or((1.0, ""));
    let shown = format!("{:.2}", value / factor);
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    format!("{shown}{unit}")
}

fn short(label: &str) -> String {
    if label.chars().count() <= MOST_LETTERS {
        return label.to_owned();
    }
    let kept: String = label.chars().take(MOST_LETTERS - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: i64, mark: Option<i64>) -> Bar {
        let [value, mark] = [Some(value), mark].map(|amount| amount.map(Decimal::from));
        let value = value.unwrap();
        Bar { label: label.to_owned(), shown: value.to_string(), value, mark, over: value > Decimal::ONE_HUNDRED }
    }

    #[test]
    fn names_are_escaped_and_cut() {
        let name = format!("<script>alert('x')</script>{}", "z".repeat(60));
        let svg = bars(&[bar(&name, 5, None)], None, "").unwrap();
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"), "{svg}");
        assert!(!svg.contains(&"z".repeat(20)));
    }

    #[test]
    fn the_axis_ends_where_people_expect_it() {
        for (furthest, end, shown) in
            [(0.0, 1.0, "1"), (0.7, 0.8, "0.8"), (130.0, 150.0, "150"), (2_100.0, 2_500.0, "2.5 k"), (9e6, 1e7, "10 M")]
        {
            assert!((nice(furthest) - end).abs() < end / 1e9, "{furthest}");
            assert_eq!(compact(nice(furthest)), shown);
        }
    }

    #[test]
    fn a_bar_far_beyond_leaves_room_for_the_others() {
        let all = [bar("far", 10_000, None), bar("half", 50, Some(90))];
        let svg = bars(&all, Some(Decimal::ONE_HUNDRED), " %").unwrap();
        assert!(svg.contains("250 %"), "{svg}");
        // A fifth of the width for half of the limit, and the mark at 90 percent.
        let width = (RIGHT - LEFT) / 5;
        assert!(svg.contains(&format!(r#"width="{width}""#)), "{svg}");
        let line = svg.lines().find(|line| line.contains("#6B3FA0")).unwrap();
        assert!(line.contains(&format!("points=\"{},", LEFT + (RIGHT - LEFT) * 90 / 250)), "{line}");
    }

    #[test]
    fn days_that_may_grow_are_drawn_lightly() {
        let stack =
            |whole| Stack { label: "1 Nov".to_owned(), parts: vec![3.into(), Decimal::from(-2), 4.into()], whole };
        let svg = stacked(&[stack(true), stack(false)]).unwrap();
        let drawn = |opacity: &str| svg.lines().filter(|line| line.contains(opacity) && line.contains("<rect")).count();
        assert_eq!((drawn(r#"opacity="1""#), drawn(r#"opacity="0.45""#)), (3, 3), "{svg}");
        assert!(svg.contains("1 Nov"));
        assert!(stacked(&[]).is_ok());
    }
}
