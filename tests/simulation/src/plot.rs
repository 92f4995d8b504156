//! The plots: overspend over the year, and how soon a limit that is passed has consequences.

use crate::{figures::Figures, world::Error};
use plotters::{
    coord::Shift,
    prelude::{
        BLACK, ChartBuilder, Color as _, DrawingArea, IntoDrawingArea as _, IntoFont as _, IntoLogRange as _,
        LineSeries, PathElement, RGBColor, SVGBackend, SeriesLabelPosition, Text, WHITE,
    },
};
use rust_decimal::prelude::ToPrimitive as _;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 520;
const FONT: &str = "sans-serif";

/// Ours, Cost Explorer, Budgets, nothing.
const COLORS: [RGBColor; 4] =
    [RGBColor(206, 66, 43), RGBColor(53, 114, 165), RGBColor(120, 144, 60), RGBColor(150, 150, 150)];

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

/// What DEV and TEST accounts spent beyond their limits, day by day.
pub(crate) fn overspend(systems: &[Figures]) -> Result<String, Error> {
    let lines: Vec<Vec<(f64, f64)>> = systems.iter().map(daily).collect();
    let days = lines.iter().map(Vec::len).max().unwrap_or_default();
    let most = lines.iter().flatten().map(|(_, amount)| *amount).fold(1.0, f64::max);
    let months: Vec<(f64, String)> = systems.first().map_or_else(Vec::new, |figures| {
        let days = figures.daily_overspend.iter().enumerate();
        days.filter(|(_, (day, _))| day.day() == 1)
            .map(|(place, (day, _))| (number(place), day.strftime("%b").to_string()))
            .collect()
    });
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(
                "Spent beyond the limits by DEV and TEST accounts, thousand USD, cumulative",
                (FONT, 17).into_font(),
            )
            .margin(14)
            .margin_right(150)
            .x_label_area_size(34)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..number(days), 0.0..most * 1.05)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(WHITE)
            .bold_line_style(BLACK.mix(0.1))
            .y_labels(7)
            .y_label_formatter(&|amount| format!("{amount:.0}"))
            .label_style((FONT, 13))
            .draw()?;
        for (day, month) in months {
            let (x, y) = chart.backend_coord(&(day, 0.0));
            area.draw(&Text::new(month, (x, y + 8), (FONT, 13)))?;
        }
        let mut free = i32::MAX;
        let mut named: Vec<_> = lines.iter().zip(systems.iter().zip(COLORS)).collect();
        named.sort_by_key(|(_, (figures, _))| figures.overspend);
        for (line, (figures, color)) in named {
            chart.draw_series(LineSeries::new(line.iter().copied(), color.stroke_width(2)))?;
            let Some(end) = line.last() else { continue };
            let (x, y) = chart.backend_coord(end);
            // Names of lines that end close together make room for each other, from the lowest on.
            let place = (y - 7).min(free);
            free = place - 17;
            let name = Text::new(
                format!("{} {:.0}", figures.system, end.1),
                (x + 6, place),
                (FONT, 14).into_font().color(&color),
            );
            area.draw(&name)?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn daily(figures: &Figures) -> Vec<(f64, f64)> {
    let amounts = figures.daily_overspend.iter().enumerate();
    amounts.map(|(day, (_, amount))| (number(day), amount.to_f64().unwrap_or_default() / 1_000.0)).collect()
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// How many of the times that a stage was due it was reached within so many hours, with and without people.
pub(crate) fn time_to_act(systems: &[Figures]) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&WHITE)?;
        let title =
            "Acted on within so many hours after the truth came to the limit of the stage, percent of all times";
        let area = area.titled(title, (FONT, 17))?;
        let (left, right) = area.split_horizontally(WIDTH / 2);
        panel(&left, systems, 1, "restrict, without people (DEV, TEST)", false)?;
        panel(&right, systems, 2, "stop, after approval (DEV, TEST)", true)?;
        area.present()?;
    }
    Ok(svg)
}

fn panel(area: &Area<'_>, systems: &[Figures], place: usize, title: &str, legend: bool) -> Result<(), Error> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 15).into_font())
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(44)
        .build_cartesian_2d((1.0..200.0).log_scale(), 0.0..100.0)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(8)
        .x_desc("hours (logarithmic)")
        .x_label_formatter(&|hours| format!("{hours:.0}"))
        .y_label_formatter(&|percent| format!("{percent:.0}"))
        .label_style((FONT, 13))
        .draw()?;
    for (figures, color) in systems.iter().zip(COLORS).take(3) {
        let Some(time) = figures.time_to_act.get(place) else { continue };
        // What was done too early, or was left from the period before, is no answer to this time.
        let due = number((time.crossed - time.early - time.carried).max(1));
        let mut line = vec![(1.0, 0.0)];
        for (count, hours) in time.each.iter().enumerate() {
            let at = number(usize::try_from(*hours).unwrap_or_default()).max(1.0);
            line.extend([(at, 100.0 * number(count) / due), (at, 100.0 * number(count + 1) / due)]);
        }
        line.push((200.0, line.last().map_or(0.0, |last| last.1)));
        let series = chart.draw_series(LineSeries::new(line, color.stroke_width(2)))?;
        series
            .label(figures.system)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    if legend {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .label_font((FONT, 14))
            .background_style(WHITE.mix(0.9))
            .draw()?;
    }
    Ok(())
}
