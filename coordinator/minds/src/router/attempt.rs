//! What a call takes with it, and gives back however it ends.

use super::{Desk, Inner, lock};
use crate::budget::Ask;
use crate::receipt::{Outcome, Receipt};
use crate::{Fault, Request, Usage};
use tokio::time::Instant;

/// What is set aside for a call; settled when it goes, however it goes.
pub(super) struct Purse<'a> {
    pub(super) inner: &'a Inner,
    pub(super) ask: Ask<'a>,
    pub(super) took: u64,
}

impl Drop for Purse<'_> {
    fn drop(&mut self) {
        lock(&self.inner.budget).settle((self.inner.wall)(), self.ask, self.took);
    }
}

/// One call under way. It leaves its receipt also if whoever asked goes away.
pub(super) struct Attempt<'a> {
    inner: &'a Inner,
    desk: &'a Desk,
    receipt: Option<Receipt>,
    began: Instant,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(inner: &'a Inner, desk: &'a Desk, request: &Request, estimate: u32) -> Self {
        let receipt = Receipt {
            provider: desk.provider.name.clone(),
            model: desk.provider.model.clone(),
            estimate,
            outcome: Outcome::Cancelled,
            ..inner.blank(request)
        };
        Self { inner, desk, receipt: Some(receipt), began: Instant::now() }
    }

    /// With an answer: tokens in, out, and kept.
    pub(super) fn answered(&mut self, usage: Usage, text: &str) -> (u32, u32, u32) {
        lock(&self.desk.breaker).succeeded();
        let Some(mut receipt) = self.receipt.take() else { return (0, 0, 0) };
        self.count(&mut receipt, usage, text);
        receipt.outcome = Outcome::Answered;
        let counts = (receipt.input, receipt.output, receipt.cached);
        self.close(receipt);
        counts
    }

    /// Without one: gives the tokens that may have been spent all the same.
    pub(super) fn failed(&mut self, fault: &Fault) -> u64 {
        {
            let mut breaker = lock(&self.desk.breaker);
            if fault.is_the_providers() { breaker.failed(self.inner.now()) } else { breaker.undecided() }
        }
        let Some(mut receipt) = self.receipt.take() else { return 0 };
        receipt.outcome = Outcome::from(fault);
        receipt.words = fault.to_string();
        let spent = match fault {
            Fault::Unfit { usage, .. } => {
                self.count(&mut receipt, *usage, "");
                u64::from(receipt.input) + u64::from(receipt.output)
            }
            // Who began to answer has read what we sent.
            Fault::Slow(_) | Fault::Cut | Fault::Shape(_) | Fault::Long(_) => u64::from(receipt.estimate),
            _ => 0,
        };
        self.close(receipt);
        spent
    }

    /// Notes what a call took: by the provider's count, or else by our guess.
    fn count(&self, receipt: &mut Receipt, usage: Usage, text: &str) {
        if let Some(input) = usage.input {
            lock(&self.desk.seen).counts(input, receipt.estimate);
        }
        receipt.input = usage.input.unwrap_or(receipt.estimate);
        receipt.output = usage.output.unwrap_or_else(|| crate::estimate::tokens(text));
        receipt.cached = usage.cached.unwrap_or(0).min(receipt.input);
        receipt.money = self.desk.provider.price.of(receipt.input, receipt.output, receipt.cached);
    }

    fn close(&self, mut receipt: Receipt) {
        receipt.latency = self.began.elapsed().as_millis() as u64;
        {
            let mut seen = lock(&self.desk.seen);
            *seen.outcomes.entry(receipt.outcome).or_default() += 1;
            seen.input += u64::from(receipt.input);
            seen.output += u64::from(receipt.output);
            seen.cached += u64::from(receipt.cached);
            seen.money += receipt.money;
            seen.latency += receipt.latency;
            if !receipt.words.is_empty() {
                seen.last_fault = Some((receipt.at, receipt.words.clone()));
            }
        }
        self.inner.keep(receipt);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(receipt) = self.receipt.take() {
            lock(&self.desk.breaker).undecided();
            self.close(receipt);
        }
    }
}
