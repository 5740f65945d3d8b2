//! How many frames a second intake takes from memory: verified, decoded,
//! admitted, told to the live views, committed to a store on the disk and
//! acknowledged. `cargo bench -p goldentooth --bench intake`
//!
//! 1,000 nodes, 200 frames each, in the order in which they would arrive; the
//! store's folder is `--dir DIR`, else a temporary one.

use fleet::Now;
use frames::{
    Body, Budget, Classifier, FleetKey, Frame, Head, Headroom, Leaf, Mood, NodeName, Probability, Readings,
    Report, Say, VERSION, Vital, Vitals,
};
use goldentooth::enrol::Keys;
use goldentooth::intake::core::Core;
use goldentooth::intake::writer::{Stores, Writer};
use goldentooth::live::Live;
use node_agent::clock::thread_cpu;
use node_agent::enrolment::Kind;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;

const NODES: u32 = 1_000;
const FRAMES: u32 = 200;
/// Frames that a wakeup brings at this rate.
const WAKEUP: usize = 1_024;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut args = std::env::args().skip_while(|arg| arg != "--dir").skip(1);
    let dir = args.next().map_or_else(|| folder.path().to_owned(), PathBuf::from);

    let keys = Arc::new(Keys::in_memory("home".parse()?, FleetKey::new([7; 32])));
    let messages = messages(&keys)?;
    let (kept, _) = Store::open(&dir)?;
    let start = Now { mono: 1_000_000, unix: 1_790_000_000_000, trusted: true };
    let mut core = Core::new(start, Arc::clone(&keys), kept.event_ids()?);
    core.connected(start, true);
    let live = Live::new(start.unix);
    let mut writer = Writer::start(Stores { kept, simulated: None })?;

    let began = Instant::now();
    let cpu = thread_cpu();
    let mut under_way = false;
    let mut acknowledged = 0;
    let mut waited = Duration::ZERO;
    for (wakeup, messages) in messages.chunks(WAKEUP).enumerate() {
        // The frames of a minute pass in a moment: the clock goes along.
        let now = Now { mono: start.mono + wakeup as u64 * 100, unix: start.unix, trusted: true };
        for (topic, payload) in messages {
            core.message(now, topic, payload, false);
        }
        let output = core.output(now);
        acknowledged += output.publish.len();
        live.tell(output.updates);
        live.count(core.status_now());
        if under_way {
            // Only a full batch waits for the disk, as in the loop.
            let done = if core.is_batch_full() {
                let stuck = Instant::now();
                let done = writer.done.blocking_recv();
                waited += stuck.elapsed();
                done
            } else {
                writer.done.try_recv().ok()
            };
            if let Some(done) = done {
                core.committed(done);
                under_way = false;
            }
        }
        if !under_way
            && core.is_batch_full()
            && let Some(work) = core.take()
        {
            writer.commit(work);
            under_way = true;
        }
    }
    let taken = began.elapsed();
    let cpu = thread_cpu().saturating_sub(cpu);
    loop {
        if under_way && let Some(done) = writer.done.blocking_recv() {
            core.committed(done);
        }
        let Some(work) = core.take() else { break };
        writer.commit(work);
        under_way = true;
    }
    let stored = began.elapsed();
    acknowledged += core.output(start).publish.len();
    let status = core.status_now();
    writer.stop();
    let rate = |time: Duration| f64::from(NODES * FRAMES) / time.as_secs_f64();
    println!(
        "{} frames of {NODES} nodes: {:.0}/s until stored ({:.2} s, of which {:.2} s waiting for the disk; \
         taken after {:.2} s with {:.2} s of CPU, {:.1} µs per frame); accepted {}, stored {}, refused {:?}, acknowledgements {acknowledged}",
        NODES * FRAMES,
        rate(stored),
        stored.as_secs_f64(),
        waited.as_secs_f64(),
        taken.as_secs_f64(),
        cpu.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / f64::from(NODES * FRAMES),
        status.accepted,
        status.stored,
        status.refused,
    );
    Ok(())
}

/// A topic and a sealed frame.
type Message = (String, Vec<u8>);

/// Every frame with its topic, sealed.
fn messages(keys: &Keys) -> Result<Vec<Message>, Box<dyn Error>> {
    let mut nodes = Vec::new();
    for number in 0..NODES {
        let name: NodeName = format!("pi-{number:04}").parse()?;
        keys.admit(&name, Kind::Node);
        let key = keys.node_key(&name).ok_or("just admitted")?;
        nodes.push((Leaf::Frame.topic(keys.fleet(), &name), key));
    }
    let mut messages = Vec::with_capacity((NODES * FRAMES) as usize);
    for sequence in 1..=FRAMES {
        for (number, (topic, key)) in nodes.iter().enumerate() {
            let head = Head { version: VERSION, boot: 1, sequence, oldest: 1 };
            let mut frame = Frame::new();
            let say = Say::Vitals(report(sequence, number as f32));
            Body { head, say }.encode(&mut frame).map_err(|error| error.to_string())?;
            key.seal(topic, &mut frame).map_err(|error| error.to_string())?;
            messages.push((topic.as_str().to_owned(), frame.to_vec()));
        }
    }
    Ok(messages)
}

/// As many vitals as an idle Pi 5 tells.
fn report(sequence: u32, number: f32) -> Report {
    let mut readings = Readings::default();
    for (place, vital) in Vital::ALL.iter().enumerate() {
        if !matches!(vital, Vital::SwapUsed | Vital::SwapIn | Vital::SwapOut) {
            readings.set(*vital, (number + place as f32 + sequence as f32) % 90.0);
        }
    }
    Report {
        uptime: 1_000 + sequence * 100,
        vitals: Vitals::from(&readings),
        mood: Some(if sequence.is_multiple_of(100) { Mood::Bored } else { Mood::Happy }),
        probabilities: [0.1, 0.7, 0.15, 0.05].map(Probability::new),
        causes: heapless::Vec::new(),
        distance: None,
        classifier: Classifier::Model,
        budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    }
}
