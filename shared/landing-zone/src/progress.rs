//! What a step of a workflow says when it may have to wait. Functions never sleep: the state machine waits.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

/// Done, or how long the state machine shall wait before it asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The step is done.
    Done,
    /// Not yet: ask again after this many seconds.
    Waiting {
        /// At least 1.
        seconds: u32,
    },
}

impl Progress {
    /// Waits `first` seconds at check 0 and half as long again at each further one, at most `longest`.
    #[must_use]
    pub fn back_off(check: u32, first: u32, longest: u32) -> Self {
        let mut seconds = first.max(1);
        for _ in 0..check.min(32) {
            if seconds >= longest {
                break;
            }
            seconds += seconds.div_ceil(2);
        }
        Self::Waiting { seconds: seconds.min(longest) }
    }
}

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut answer = s.serialize_struct("Progress", 2)?;
        match self {
            Self::Done => answer.serialize_field("done", &true)?,
            Self::Waiting { seconds } => {
                answer.serialize_field("done", &false)?;
                answer.serialize_field("waitSeconds", seconds)?;
            }
        }
        answer.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_the_longest_wait() {
        let seconds: Vec<_> = (0..6)
            .map(|check| match Progress::back_off(check, 15, 60) {
                Progress::Waiting { seconds } => seconds,
                Progress::Done => 0,
            })
            .collect();
        assert_eq!(seconds, [15, 23, 35, 53, 60, 60]);
        assert_eq!(Progress::back_off(u32::MAX, 0, 60), Progress::Waiting { seconds: 60 });
    }

    #[test]
    fn is_written_as_the_state_machine_reads_it() {
        assert_eq!(serde_json::to_string(&Progress::Done).unwrap(), r#"{"done":true}"#);
        let waiting = Progress::Waiting { seconds: 3 };
        assert_eq!(serde_json::to_string(&waiting).unwrap(), r#"{"done":false,"waitSeconds":3}"#);
    }
}
