//! Programs that are asked now and then. A sample never waits for one: it is
//! started at one sample, and its answer is read at a later one.

use crate::Millis;
use rustix::fs::OFlags;
use std::process::{Child, Command, Stdio};

/// A program that has not answered for so long is ended.
const PATIENCE: Millis = 30_000;
/// After a failure (not installed, not allowed) it is not tried again for so long.
const AFTER_FAILURE: Millis = 3_600_000;
/// The longest answer that is read: the states of all units that can be watched.
const LONGEST: usize = 4096;

/// One program with its arguments.
pub(crate) struct Asked {
    program: &'static str,
    arguments: Vec<String>,
    every: Millis,
    running: Option<(Child, Millis)>,
    next: Millis,
}

impl Asked {
    /// A program that is started at most once per `every`, and not yet.
    pub(crate) fn new(program: &'static str, arguments: &[&str], every: Millis) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program, arguments, every, running: None, next: 0 }
    }

    /// The answer, when one has come in. Starts the program if `wanted` and
    /// its time has come; `started` tells so.
    pub(crate) fn poll(&mut self, at: Millis, wanted: bool, started: &mut bool) -> Option<String> {
        *started = false;
        let Some((child, since)) = &mut self.running else {
            if wanted && at >= self.next {
                *started = self.start(at);
            }
            return None;
        };
        match child.try_wait() {
            Ok(Some(status)) => {
                let answer = if status.success() { answer(child) } else { None };
                self.running = None;
                if answer.is_none() {
                    self.next = at.saturating_add(AFTER_FAILURE);
                }
                answer
            }
            Ok(None) => {
                if at.saturating_sub(*since) > PATIENCE {
                    // Taken from the process table at a later sample, when it has ended.
                    let _ = child.kill();
                }
                None
            }
            Err(_) => {
                self.running = None;
                self.next = at.saturating_add(AFTER_FAILURE);
                None
            }
        }
    }

    /// Waits until a started program has ended; its answer stays to be polled.
    #[cfg(test)]
    pub(crate) fn wait(&mut self) {
        if let Some((child, _)) = &mut self.running {
            child.wait().unwrap();
        }
    }

    fn start(&mut self, at: Millis) -> bool {
        let child = Command::new(self.program)
            .args(&self.arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        if let Ok(child) = child {
            self.running = Some((child, at));
            self.next = at.saturating_add(self.every);
            true
        } else {
            self.next = at.saturating_add(AFTER_FAILURE);
            false
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a program that has ended wrote, without waiting for more: a process of
/// its own may still hold the other end.
fn answer(child: &mut Child) -> Option<String> {
    let output = child.stdout.take()?;
    rustix::fs::fcntl_setfl(&output, OFlags::NONBLOCK).ok()?;
    let mut bytes = [0; LONGEST];
    let length = rustix::io::read(&output, &mut bytes).ok()?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(asked: &mut Asked, at: Millis) -> Option<String> {
        let mut started = false;
        assert_eq!(asked.poll(at, true, &mut started), None);
        asked.wait();
        asked.poll(at, true, &mut started)
    }

    #[test]
    fn an_answer_comes_at_a_later_sample_and_at_most_once_per_period() {
        let mut asked = Asked::new("echo", &["throttled=0x0"], 60_000);
        assert_eq!(ask(&mut asked, 1_000).as_deref(), Some("throttled=0x0"));
        let mut started = false;
        assert_eq!(asked.poll(60_999, true, &mut started), None);
        assert!(!started, "the minute is not over");
        assert_eq!(asked.poll(61_000, false, &mut started), None);
        assert!(!started, "not wanted");
        assert_eq!(ask(&mut asked, 61_000).as_deref(), Some("throttled=0x0"));
    }

    #[test]
    fn a_failure_is_not_repeated_each_minute() {
        for mut asked in [
            Asked::new("false", &[], 60_000),
            Asked::new("goldentooth-no-such-program", &[], 60_000),
            Asked::new("true", &[], 60_000),
        ] {
            assert_eq!(ask(&mut asked, 1_000), None);
            let mut started = false;
            asked.poll(120_000, true, &mut started);
            assert!(!started, "{}", asked.program);
            asked.poll(1_000 + AFTER_FAILURE, true, &mut started);
            assert_eq!(started, asked.program != "goldentooth-no-such-program");
        }
    }

    #[test]
    fn one_that_hangs_is_ended() {
        let mut asked = Asked::new("sleep", &["1000"], 60_000);
        let mut started = false;
        asked.poll(0, true, &mut started);
        assert!(started);
        assert_eq!(asked.poll(PATIENCE + 1, true, &mut started), None);
        asked.wait();
        assert_eq!(asked.poll(PATIENCE + 2, true, &mut started), None);
        assert!(asked.running.is_none());
    }
}
