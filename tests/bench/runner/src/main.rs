//! Measures every function of the suite beside the same function in Python and beside an empty one, all in one run.
//! See `tests/bench/README.md`.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod aws;
mod function;
mod http;
mod lambda;
mod plot;
mod process;
mod report;
mod size;
mod statistics;

use function::{Function, Invocation};
use process::{Program, Sample, World};
use report::Report;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is measured in turn.
const KINDS: usize = 3;

struct Options {
    /// Release binaries, each as `<name>/bootstrap`.
    binaries: PathBuf,
    /// The interpreter that has the dependencies of the twins.
    python: PathBuf,
    rounds: usize,
    warm_invocations: usize,
    /// Only these functions; all when there is none.
    only: Vec<String>,
    /// Also keep the plot in `tests/bench`, for the README.
    keep_plot: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self {
            binaries: "target/bench/lambda".into(),
            python: ".venv-bench/bin/python".into(),
            rounds: 15,
            warm_invocations: 20,
            only: Vec::new(),
            keep_plot: false,
        };
        while let Some(option) = arguments.next() {
            if option == "--keep-plot" {
                options.keep_plot = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
            match option.as_str() {
                "--binaries" => options.binaries = value.into(),
                "--python" => options.python = value.into(),
                "--rounds" => options.rounds = value.parse()?,
                "--warm" => options.warm_invocations = value.parse()?,
                "--only" => options.only.extend(value.split(',').map(str::to_owned)),
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        if options.rounds == 0 || options.warm_invocations == 0 {
            return Err("at least one round and one warm invocation".into());
        }
        Ok(options)
    }
}

/// The three programs that serve one function, and what they took: Rust, Python, empty.
struct Trio {
    function: Function,
    programs: [Program; KINDS],
    samples: [Vec<Sample>; KINDS],
}

fn main() -> Result<(), Error> {
    let options = Options::parse(std::env::args().skip(1))?;
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no folder above")?;
    let output = Path::new("target/bench");
    let world = World::open(output.join("logs"), options.warm_invocations)?;
    let wanted = |function: &Function| options.only.is_empty() || options.only.contains(&function.name);
    let mut trios = Vec::new();
    for function in function::all()?.into_iter().filter(wanted) {
        let programs = programs(&options, bench, &function)?;
        trios.push(Trio { function, programs, samples: Default::default() });
    }
    if trios.is_empty() {
        return Err("no such function".into());
    }
    // The round before the first fills the page cache and Python's byte code cache, and is not counted.
    for round in 0..=options.rounds {
        eprint!("\rround {round} of {}", options.rounds);
        std::io::stderr().flush()?;
        for trio in &mut trios {
            trio.measure(&world, round)?;
        }
    }
    eprintln!();
    let report = Report::new(&trios, &options, &bench.join("python"))?;
    println!("{report}");
    fs::write(output.join("summary.json"), serde_json::to_string_pretty(&report)?)?;
    let plot = plot::draw(&report)?;
    fs::write(output.join("start.svg"), &plot)?;
    if options.keep_plot {
        fs::write(bench.join("start.svg"), &plot)?;
    }
    Ok(())
}

fn programs(options: &Options, bench: &Path, function: &Function) -> Result<[Program; KINDS], Error> {
    let binary = |name: &str, label: String| {
        let directory = absolute(&options.binaries.join(name))?;
        Ok::<_, Error>(Program { label, command: directory.join("bootstrap"), arguments: Vec::new(), directory })
    };
    let python = Program {
        label: format!("{}-python", function.name),
        // Not resolved further: a virtual environment is known by the path of its interpreter.
        command: std::path::absolute(&options.python)?,
        arguments: vec!["-m".to_owned(), "awslambdaric".to_owned(), format!("{}.handler", function.name)],
        directory: bench.join("python"),
    };
    Ok([
        binary(&function.name, function.name.clone())?,
        python,
        binary("empty-function", format!("{}-empty", function.name))?,
    ])
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|why| format!("{}: {why}", path.display()).into())
}

impl Trio {
    /// Measures each program once. Whoever comes first changes with every round.
    fn measure(&mut self, world: &World, round: usize) -> Result<(), Error> {
        let empty = Invocation::empty();
        let (own, batch) = (&self.function.invocation, self.function.batch.as_ref());
        let invocations = [(own, batch), (own, batch), (&empty, None)];
        let mut turns: Vec<_> = self.programs.iter().zip(invocations).zip(&mut self.samples).collect();
        turns.rotate_left(round % KINDS);
        for ((program, (invocation, batch)), samples) in turns {
            let sample = world.measure(program, &self.function, invocation, batch)?;
            if round > 0 {
                samples.push(sample);
            }
        }
        Ok(())
    }
}
