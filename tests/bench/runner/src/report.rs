//! What came out: tables for people, one document for machines, and the targets of the suite with met or not met.

use crate::{Error, Options, Trio, process::Sample, size, statistics::Summary};
use serde::Serialize;
use std::{fmt, path::Path, thread};

/// Everything that was measured.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Processors of this machine.
    cpus: usize,
    pub rounds: usize,
    warm_invocations: usize,
    /// The empty function.
    pub floor: Figures,
    pub functions: Vec<Row>,
    targets: Vec<Target>,
}

/// One function.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub name: String,
    sdk_clients: usize,
    pub rust: Figures,
    pub python: Figures,
    python_over_rust: Ratios,
    rust_over_empty: Ratios,
    /// Records a second of one process, of a function that takes many at once.
    records_per_second: Option<Rates>,
}

/// How many a second.
#[derive(Serialize)]
struct Rates {
    rust: f64,
    python: f64,
}

/// What one program takes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    pub start_ms: Summary,
    first_ms: Summary,
    warm_ms: Summary,
    peak_mb: Summary,
    size_mb: f64,
}

/// One program's medians over another's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ratios {
    start: f64,
    first: f64,
    warm: f64,
    peak: f64,
    size: f64,
}

/// What the suite wants to reach, by the function that is furthest from it.
#[derive(Serialize)]
struct Target {
    #[serde(rename = "target")]
    text: &'static str,
    met: bool,
    function: String,
    value: f64,
}

impl Figures {
    fn of<'a>(samples: &(impl Iterator<Item = &'a Sample> + Clone), size_mb: f64) -> Self {
        let summary = |figure: fn(&Sample) -> f64| Summary::of(&samples.clone().map(figure).collect::<Vec<_>>());
        Self {
            start_ms: summary(|sample| sample.start),
            first_ms: summary(|sample| sample.first),
            warm_ms: summary(|sample| sample.warm),
            peak_mb: summary(|sample| sample.peak),
            size_mb,
        }
    }

    fn over(&self, other: &Self) -> Ratios {
        Ratios {
            start: self.start_ms.median / other.start_ms.median,
            first: self.first_ms.median / other.first_ms.median,
            warm: self.warm_ms.median / other.warm_ms.median,
            peak: self.peak_mb.median / other.peak_mb.median,
            size: self.size_mb / other.size_mb,
        }
    }
}

impl Report {
    pub(crate) fn new(trios: &[Trio], options: &Options, twins: &Path) -> Result<Self, Error> {
        let names: Vec<_> = trios.iter().map(|trio| trio.function.name.as_str()).collect();
        let dependencies = size::of_python(&options.python, twins, &names)?;
        let empties = trios.iter().flat_map(|trio| &trio.samples[2]);
        let floor = Figures::of(&empties, size::of_binary(&options.binaries.join("empty-function/bootstrap"))?);
        let row = |trio: &Trio| {
            let name = &trio.function.name;
            let [rust, python, _] = &trio.samples;
            let rate = |samples: &[Sample]| {
                let taken: Vec<f64> = samples.iter().filter_map(|sample| sample.batch).collect();
                trio.function.batch.as_ref().map(|batch| f64::from(batch.records) * 1000.0 / Summary::of(&taken).median)
            };
            let rates = rate(rust).zip(rate(python)).map(|(rust, python)| Rates { rust, python });
            let twin = size::of_binary(&twins.join(format!("{name}.py")))?;
            let rust = Figures::of(&rust.iter(), size::of_binary(&options.binaries.join(name).join("bootstrap"))?);
            let python = Figures::of(&python.iter(), dependencies + twin);
            Ok::<_, Error>(Row {
                name: name.clone(),
                sdk_clients: trio.function.sdk_clients,
                python_over_rust: python.over(&rust),
                rust_over_empty: rust.over(&floor),
                records_per_second: rates,
                rust,
                python,
            })
        };
        let functions: Vec<_> = trios.iter().map(row).collect::<Result<_, _>>()?;
        Ok(Self {
            cpus: thread::available_parallelism()?.get(),
            rounds: options.rounds,
            warm_invocations: options.warm_invocations,
            targets: targets(&functions),
            floor,
            functions,
        })
    }
}

/// The targets, each judged by the worst function.
fn targets(functions: &[Row]) -> Vec<Target> {
    let at_least = |text, limit: f64, figure: fn(&Row) -> f64| {
        let worst = functions.iter().min_by(|a, b| figure(a).total_cmp(&figure(b)))?;
        Some(Target { text, met: figure(worst) >= limit, function: worst.name.clone(), value: figure(worst) })
    };
    let at_most = |text, limit: f64, counts: fn(&Row) -> bool, figure: fn(&Row) -> f64| {
        let counted = functions.iter().filter(|row| counts(row));
        let worst = counted.max_by(|a, b| figure(a).total_cmp(&figure(b)))?;
        Some(Target { text, met: figure(worst) <= limit, function: worst.name.clone(), value: figure(worst) })
    };
    [
        at_least("start to first poll at least 25 times faster than Python", 25.0, |row| row.python_over_rust.start),
        at_most(
            "start to first poll within 3 times the empty function",
            3.0,
            |_| true,
            |row| row.rust_over_empty.start,
        ),
        at_most("at most 12 MB resident", 12.0, |_| true, |row| row.rust.peak_mb.max),
        at_most("at most 8 MB per binary", 8.0, |_| true, |row| row.rust.size_mb),
        at_most(
            "at most 6.5 MB per binary with one SDK client",
            6.5,
            |row| row.sdk_clients == 1,
            |row| row.rust.size_mb,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} CPUs; medians of {} rounds (least to most); warm: median of {} invocations a process; MB of 10^6 bytes\n",
            self.cpus, self.rounds, self.warm_invocations
        )?;
        self.table(f, "Start to first poll, ms", |figures| figures.start_ms, |ratios| ratios.start)?;
        self.table(f, "First invocation, ms", |figures| figures.first_ms, |ratios| ratios.first)?;
        self.table(f, "Warm invocation, ms", |figures| figures.warm_ms, |ratios| ratios.warm)?;
        self.table(f, "Peak resident memory, MB", |figures| figures.peak_mb, |ratios| ratios.peak)?;
        self.table(f, "Deployment unpacked, MB", |figures| constant(figures.size_mb), |ratios| ratios.size)?;
        for row in &self.functions {
            if let Some(Rates { rust, python }) = &row.records_per_second {
                let times = rust / python;
                let name = &row.name;
                writeln!(
                    f,
                    "{name}: {rust:.0} records a second in one process; Python {python:.0}; {times:.1} times\n"
                )?;
            }
        }
        for Target { text, met, function, value } in &self.targets {
            let verdict = if *met { "met    " } else { "NOT met" };
            writeln!(f, "{verdict}  {text}: {value:.1} ({function})")?;
        }
        Ok(())
    }
}

impl Report {
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        figure: fn(&Figures) -> Summary,
        ratio: fn(&Ratios) -> f64,
    ) -> fmt::Result {
        writeln!(f, "| {title:<24} | {:^22} | {:^22} | Python / Rust | Rust / empty |", "Rust", "Python")?;
        writeln!(f, "|{:-<26}|{:->24}|{:->24}|{:->15}|{:->14}|", "", ":", ":", ":", ":")?;
        for row in &self.functions {
            writeln!(
                f,
                "| {:<24} | {:>22} | {:>22} | {:>13.1} | {:>12.1} |",
                row.name,
                shown(figure(&row.rust)),
                shown(figure(&row.python)),
                ratio(&row.python_over_rust),
                ratio(&row.rust_over_empty)
            )?;
        }
        writeln!(
            f,
            "| {:<24} | {:>22} | {:>22} | {:>13} | {:>12} |\n",
            "(empty)",
            shown(figure(&self.floor)),
            "",
            "",
            ""
        )
    }
}

fn constant(value: f64) -> Summary {
    Summary { median: value, min: value, max: value }
}

fn shown(Summary { median, min, max }: Summary) -> String {
    let digits = if median < 10.0 { 2 } else { 1 };
    if min < max { format!("{median:.digits$} ({min:.digits$}-{max:.digits$})") } else { format!("{median:.digits$}") }
}
