//! The plot of the README: start to first poll, on a logarithmic scale.

use crate::{
    Error,
    report::{Report, Row},
};
use plotters::prelude::{
    BLACK, ChartBuilder, Color as _, IntoDrawingArea as _, IntoFont as _, IntoLogRange as _, PathElement, RGBColor,
    Rectangle, SVGBackend, Text, WHITE,
};

const WIDTH: u32 = 860;
const ROW_HEIGHT: u32 = 44;
const MARGINS: u32 = 110;
const RUST: RGBColor = RGBColor(206, 66, 43);
const PYTHON: RGBColor = RGBColor(53, 114, 165);
const FLOOR: RGBColor = RGBColor(120, 120, 120);

/// Draws it as SVG.
pub(crate) fn draw(report: &Report) -> Result<String, Error> {
    let mut svg = String::new();
    let rows = u32::try_from(report.functions.len())?;
    let floor = report.floor.start_ms.median;
    let slowest = report.functions.iter().map(|row| row.python.start_ms.median).fold(floor, f64::max);
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, rows * ROW_HEIGHT + MARGINS)).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!(
            "Start to first poll in ms (logarithmic; medians of {} rounds). Line: an empty Rust function, {floor:.1} ms",
            report.rounds
        );
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 15).into_font())
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(90)
            .build_cartesian_2d((1.0..slowest * 2.5).log_scale(), f64::from(rows)..0.0)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .light_line_style(WHITE)
            .bold_line_style(BLACK.mix(0.1))
            .label_style(("sans-serif", 13))
            .draw()?;
        for (place, row) in (0..rows).zip(&report.functions) {
            let top = f64::from(place);
            for (from, to, color, median, what) in bars(row) {
                let bar = [(1.0, top + from), (median, top + to)];
                chart.draw_series([Rectangle::new(bar, color.filled())])?;
                let label =
                    Text::new(format!("{median:.1} {what}"), (median * 1.06, top + from + 0.08), ("sans-serif", 13));
                chart.draw_series([label])?;
            }
            let (left, _) = chart.backend_coord(&(1.0, top));
            let (_, middle) = chart.backend_coord(&(1.0, top + 0.35));
            area.draw(&Text::new(row.name.clone(), (left - 75, middle), ("sans-serif", 15)))?;
        }
        let line = vec![(floor, 0.0), (floor, f64::from(rows))];
        chart.draw_series([PathElement::new(line, FLOOR.stroke_width(2))])?;
        area.present()?;
    }
    Ok(svg)
}

/// The two bars of a function: where in its row, in which color, how long, whose.
fn bars(row: &Row) -> [(f64, f64, RGBColor, f64, &'static str); 2] {
    [(0.12, 0.48, RUST, row.rust.start_ms.median, "Rust"), (0.52, 0.88, PYTHON, row.python.start_ms.median, "Python")]
}
