//! Plays the Lambda Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) for one process at
//! a time, and tells when it heard what.

use crate::{
    Error,
    http::{self, Request, Response},
};
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// What a process did.
#[derive(Debug)]
pub(crate) enum News {
    /// It asks for an event.
    Polled(Instant),
    /// It was given one.
    Handed(Instant),
    /// It returned a result.
    Answered(Instant, Vec<u8>),
    /// It reported an error, of an invocation or of its start.
    Failed(Vec<u8>),
}

/// The Runtime API.
pub(crate) struct Lambda {
    /// `host:port`, as functions expect it in `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    desk: Arc<Desk>,
    news: Receiver<(u64, News)>,
}

struct Desk {
    slot: Mutex<Slot>,
    changed: Condvar,
    news: Sender<(u64, News)>,
}

#[derive(Default)]
struct Slot {
    /// Counts the processes: whoever asked on behalf of an earlier one is no longer served.
    process: u64,
    event: Option<Arc<str>>,
}

impl Lambda {
    pub(crate) fn open() -> Result<Self, Error> {
        let (sender, news) = mpsc::channel();
        let desk = Arc::new(Desk { slot: Mutex::default(), changed: Condvar::new(), news: sender });
        let server = Arc::clone(&desk);
        let port = http::serve(move |request| server.serve(request))?;
        Ok(Self { address: format!("127.0.0.1:{port}"), desk, news })
    }

    /// Gets ready for the next process.
    pub(crate) fn next_process(&self) {
        let mut slot = self.desk.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.process += 1;
        slot.event = None;
        self.desk.changed.notify_all();
    }

    /// Lays an event out for whoever asks.
    pub(crate) fn offer(&self, event: &Arc<str>) {
        let mut slot = self.desk.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.event = Some(Arc::clone(event));
        self.desk.changed.notify_all();
    }

    /// The next news of the current process; none when there is nothing for that long.
    pub(crate) fn hear(&self, patience: Duration) -> Option<News> {
        let current = self.desk.slot.lock().unwrap_or_else(PoisonError::into_inner).process;
        loop {
            let (process, news) = self.news.recv_timeout(patience).ok()?;
            if process == current {
                return Some(news);
            }
        }
    }
}

impl Desk {
    fn serve(&self, request: &Request) -> Option<Response> {
        let process = self.slot.lock().unwrap_or_else(PoisonError::into_inner).process;
        let tell = |news| self.news.send((process, news)).ok();
        if request.method == "GET" && request.path.ends_with("/invocation/next") {
            tell(News::Polled(request.arrived))?;
            let response = invocation(&self.wait_for_event(process)?);
            tell(News::Handed(Instant::now()))?;
            return Some(response);
        }
        if request.path.ends_with("/response") {
            tell(News::Answered(request.arrived, request.body.clone()))?;
        } else {
            tell(News::Failed(request.body.clone()))?;
        }
        Some(Response::new(202, "application/json", r#"{"status":"OK"}"#))
    }

    fn wait_for_event(&self, process: u64) -> Option<Arc<str>> {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slot = self
            .changed
            .wait_while(slot, |slot| slot.process == process && slot.event.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if slot.process == process { slot.event.take() } else { None }
    }
}

fn invocation(event: &str) -> Response {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_mins(1);
    let mut response = Response::new(200, "application/json", event);
    response.headers = vec![
        ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:111122223333:function:bench".to_owned()),
        ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
    ];
    response
}
