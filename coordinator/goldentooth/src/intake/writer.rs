//! The thread that owns the stores: commits and forgets there, so that intake
//! never waits for the disk.

use super::Answer;
use fleet::Now;
use frames::NodeName;
use serde_json::value::RawValue;
use std::sync::mpsc;
use std::thread::JoinHandle;
use store::{Batch, Committed, ForgottenPerson, Store, StoreError};
use tokio::sync::{mpsc as channel, oneshot};

/// The two stores: the fleet's, and the throw-away one of simulated nodes.
#[derive(Debug)]
pub struct Stores {
    /// Where everything real goes.
    pub kept: Store,
    /// Where simulated nodes' rows and events go, if there are any.
    pub simulated: Option<Store>,
}

/// What one commit stores, in each store.
#[derive(Debug, Default)]
pub struct Work {
    /// Of real nodes.
    pub kept: Batch,
    /// Of simulated ones.
    pub simulated: Batch,
    /// What an earlier attempt at it has changed already.
    committed: Committed,
}

/// What became of a [`Work`]. On an error it may be committed again: what went
/// through is no longer in it.
#[derive(Debug)]
pub struct Done {
    /// What was handed in.
    pub work: Work,
    /// What it changed, in both stores together.
    pub result: Result<Committed, StoreError>,
}

impl Stores {
    /// Commits in both.
    pub fn commit(&mut self, mut work: Work) -> Done {
        let result = self.attempt(&mut work);
        Done { work, result }
    }

    fn attempt(&mut self, work: &mut Work) -> Result<Committed, StoreError> {
        let stores = [(Some(&mut self.kept), &mut work.kept), (self.simulated.as_mut(), &mut work.simulated)];
        for (store, batch) in stores {
            let Some(store) = store else { continue };
            let done = store.commit(batch)?;
            // Committed twice, its rows would count as doubles.
            batch.clear();
            work.committed.rows += done.rows;
            work.committed.doubles += done.doubles;
            work.committed.events += done.events;
        }
        Ok(work.committed)
    }

    /// Forgets a person in both; gives what it was together. What simulated nodes
    /// leave behind goes with this run, and there the cast remembers nothing for good.
    fn forget_person(
        &mut self,
        person: &str,
        cast: Option<&RawValue>,
    ) -> Result<ForgottenPerson, StoreError> {
        let simulated = self.simulated.as_mut().map(|store| store.forget_person(person, None));
        let kept = self.kept.forget_person(person, cast)?;
        let simulated = simulated.transpose()?.unwrap_or_default();
        Ok(ForgottenPerson { events: kept.events + simulated.events, others: kept.others + simulated.others })
    }

    /// Forgets what is due in both.
    fn retain(&mut self, now: Now) {
        for store in [Some(&mut self.kept), self.simulated.as_mut()].into_iter().flatten() {
            match store.retain(now) {
                Ok(retained) => tracing::debug!(?retained, "forgot what was due"),
                Err(error) => tracing::warn!(%error, "could not forget what was due"),
            }
        }
    }
}

// One at a time is under way: its size is no matter.
#[allow(clippy::large_enum_variant)]
enum Job {
    Commit(Work),
    Forget(NodeName, bool, Answer),
    ForgetPerson(String, Option<Box<RawValue>>, oneshot::Sender<Result<ForgottenPerson, StoreError>>),
    Rename(NodeName, NodeName, Answer),
    Retain(Now),
}

/// The thread's handle; dropping it ends the thread after the last job.
#[derive(Debug)]
pub struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    /// What has been committed, or not. At most one is under way.
    pub done: channel::Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no room for one more.
    pub fn start(stores: Stores) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (tell, done) = channel::channel(2);
        let thread =
            std::thread::Builder::new().name("store".into()).spawn(move || write(stores, &inbox, &tell))?;
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread) })
    }

    /// Hands in a commit. The answer comes on `done`.
    pub fn commit(&self, work: Work) {
        self.hand_in(Job::Commit(work));
    }

    /// Forgets what is due; nothing is answered.
    pub fn retain(&self, now: Now) {
        self.hand_in(Job::Retain(now));
    }

    /// Forgets a node, after what was handed in before.
    pub fn forget(&self, node: NodeName, purge: bool, done: Answer) {
        self.hand_in(Job::Forget(node, purge, done));
    }

    /// Forgets a person, after what was handed in before.
    pub fn forget_person(
        &self,
        person: String,
        cast: Option<Box<RawValue>>,
        done: oneshot::Sender<Result<ForgottenPerson, StoreError>>,
    ) {
        self.hand_in(Job::ForgetPerson(person, cast, done));
    }

    /// Gives a node another name, after what was handed in before.
    pub fn rename(&self, from: NodeName, to: NodeName, done: Answer) {
        self.hand_in(Job::Rename(from, to, done));
    }

    fn hand_in(&self, job: Job) {
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
            tracing::error!("the store's thread has ended");
        }
    }

    /// Waits for the last job, and closes the stores.
    pub fn stop(mut self) {
        self.jobs = None;
        self.done.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

fn write(mut stores: Stores, jobs: &mpsc::Receiver<Job>, tell: &channel::Sender<Done>) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Commit(work) => {
                // Nobody listens any more only while stopping.
                let _ = tell.blocking_send(stores.commit(work));
            }
            Job::Retain(now) => stores.retain(now),
            // Whoever asked may have gone.
            Job::Forget(node, purge, done) => {
                let _ = done.send(stores.kept.forget(&node, purge));
            }
            Job::ForgetPerson(person, cast, done) => {
                let _ = done.send(stores.forget_person(&person, cast.as_deref()));
            }
            Job::Rename(from, to, done) => {
                let _ = done.send(stores.kept.rename(&from, &to));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use store::Event;

    #[test]
    fn what_is_forgotten_of_a_person_is_counted_in_both_stores() {
        let store = |person: &str| {
            let mut store = Store::temporary().unwrap();
            let mut ids = store.event_ids().unwrap();
            let payload = serde_json::json!({ "person": person });
            let events = vec![Arc::new(Event::new(&mut ids, 1, "answered", "stage", payload))];
            store.commit(&Batch { events, ..Batch::default() }).unwrap();
            store
        };
        let mut stores = Stores { kept: store("bob"), simulated: Some(store("ann")) };
        assert_eq!(stores.forget_person("ann", None).unwrap().events, 1);
        assert_eq!(stores.forget_person("bob", None).unwrap().events, 1);
        assert_eq!(stores.forget_person("bob", None).unwrap().events, 0);
    }
}
