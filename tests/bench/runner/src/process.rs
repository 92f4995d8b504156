//! Starts a function as Lambda does, takes it through its invocations and measures.

use crate::{
    Error,
    aws::{Aws, Script},
    function::{Batch, Function, Invocation, contains},
    lambda::{Lambda, News},
    statistics::median,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a process may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Trust stores by their usual places; the first one that is there stands for the one that the template names.
const TRUST_STORES: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// A program that serves a function.
pub(crate) struct Program {
    /// Names its log.
    pub label: String,
    pub command: PathBuf,
    pub arguments: Vec<String>,
    /// Where it lies, as `/var/task` does on Lambda.
    pub directory: PathBuf,
}

/// What one process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From its start to its first poll, in milliseconds.
    pub start: f64,
    /// From handing over its first event to its answer, in milliseconds.
    pub first: f64,
    /// The same for later events: the median.
    pub warm: f64,
    /// The most memory it had resident, in MB of 10^6 bytes.
    pub peak: f64,
    /// From handing over many records to the answer, in milliseconds, where it takes many: the median of three.
    pub batch: Option<f64>,
}

/// Lambda and AWS, as the processes see them.
pub(crate) struct World {
    lambda: Lambda,
    aws: Aws,
    logs: PathBuf,
    warm_invocations: usize,
}

impl World {
    /// `logs` is the folder that takes what the processes print.
    pub(crate) fn open(logs: PathBuf, warm_invocations: usize) -> Result<Self, Error> {
        fs::create_dir_all(&logs)?;
        Ok(Self { lambda: Lambda::open()?, aws: Aws::open()?, logs, warm_invocations })
    }

    /// Measures `program` in the environment of `function`.
    pub(crate) fn measure(
        &self,
        program: &Program,
        function: &Function,
        invocation: &Invocation,
        batch: Option<&Batch>,
    ) -> Result<Sample, Error> {
        let log = self.logs.join(format!("{}.log", program.label));
        let output = File::create(&log)?;
        let mut command = Command::new(&program.command);
        command
            .args(&program.arguments)
            .current_dir(&program.directory)
            .env_clear()
            .envs(self.environment(function, program))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        self.lambda.next_process();
        let begun = Instant::now();
        let mut running = Running(command.spawn().map_err(|why| format!("{}: {why}", program.command.display()))?);
        self.take_through(&mut running, begun, invocation, batch)
            .map_err(|why| format!("{}: {why}; see {}", program.label, log.display()).into())
    }

    fn take_through(
        &self,
        running: &mut Running,
        begun: Instant,
        invocation: &Invocation,
        batch: Option<&Batch>,
    ) -> Result<Sample, Error> {
        let start = milliseconds(self.polled(running)?.duration_since(begun));
        let first = self.invoke(running, invocation, &invocation.script)?;
        let mut warm = Vec::with_capacity(self.warm_invocations);
        for _ in 0..self.warm_invocations {
            self.polled(running)?;
            warm.push(self.invoke(running, invocation, &invocation.warm)?);
        }
        self.polled(running)?;
        let peak = running.peak()?;
        let mut many = Vec::new();
        for _ in 0..batch.map_or(0, |_| 3) {
            many.extend(
                batch.map(|batch| self.invoke(running, &batch.invocation, &batch.invocation.script)).transpose()?,
            );
            self.polled(running)?;
        }
        Ok(Sample { start, first, warm: median(warm), peak, batch: (!many.is_empty()).then(|| median(many)) })
    }

    fn polled(&self, running: &mut Running) -> Result<Instant, Error> {
        match self.hear(running)? {
            News::Polled(at) => Ok(at),
            other => Err(format!("{} instead of a poll", describe(&other)).into()),
        }
    }

    fn invoke(&self, running: &mut Running, invocation: &Invocation, script: &Script) -> Result<f64, Error> {
        self.aws.begin(script);
        self.lambda.offer(&invocation.event);
        let News::Handed(handed) = self.hear(running)? else { return Err("no event was taken".into()) };
        let answered = match self.hear(running)? {
            News::Answered(at, body) => {
                let answer: Value = serde_json::from_slice(&body)?;
                if !contains(&answer, &invocation.answer) {
                    return Err(format!("answered {answer} instead of {}", invocation.answer).into());
                }
                at
            }
            other => {
                self.aws.check()?;
                return Err(format!("{} instead of an answer", describe(&other)).into());
            }
        };
        self.aws.check()?;
        Ok(milliseconds(answered.duration_since(handed)))
    }

    fn hear(&self, running: &mut Running) -> Result<News, Error> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(news) = self.lambda.hear(Duration::from_millis(200)) {
                return Ok(news);
            }
            if let Some(status) = running.0.try_wait()? {
                return Err(format!("ended with {status}").into());
            }
        }
        Err("is silent".into())
    }

    /// Everything a process finds in its environment: what Lambda sets, what `sam/` sets, and nothing of this machine
    /// but its path and its trust store.
    fn environment(&self, function: &Function, program: &Program) -> BTreeMap<String, String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let trust_store = TRUST_STORES.into_iter().find(|path| Path::new(path).exists()).unwrap_or_default();
        let task_root = program.directory.display().to_string();
        let mut variables: BTreeMap<String, String> = [
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEBENCH"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &self.aws.url),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_LAMBDA_RUNTIME_API", &self.lambda.address),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_SESSION_TOKEN", "example"),
            ("LAMBDA_TASK_ROOT", &task_root),
            ("LANG", "en_US.UTF-8"),
            ("LEDGER_TABLE", "ai-landing-zone-ledger"),
            ("PATH", &path),
            ("POWERTOOLS_LOG_LEVEL", "INFO"),
            ("POWERTOOLS_METRICS_NAMESPACE", "AiLandingZone"),
            ("POWERTOOLS_SERVICE_NAME", &function.name),
            ("SSL_CERT_FILE", trust_store),
            ("TZ", ":UTC"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        variables.extend(function.environment.clone());
        variables
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn describe(news: &News) -> String {
    match news {
        News::Polled(_) => "asked for an event".to_owned(),
        News::Handed(_) => "took an event".to_owned(),
        News::Answered(_, body) => format!("answered {}", String::from_utf8_lossy(body)),
        News::Failed(body) => format!("reported {}", String::from_utf8_lossy(body)),
    }
}

/// A process that does not outlive its measurement.
struct Running(Child);

impl Running {
    /// The most memory it ever had resident, as the kernel counts it.
    fn peak(&self) -> Result<f64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("the kernel tells no VmHWM")?;
        Ok(kib.parse::<f64>()? * 1024.0 / 1e6)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _already_gone = self.0.wait();
    }
}
