//! Bytes sealed by the target itself, so that the decoder and the fleet behind
//! it are really reached: what a node that has its own key could say at worst.
#![no_main]

use fleet::{Admission, Fleet, Now};
use frames::{
    Body, FleetKey, FleetName, Frame, Head, Leaf, MAX_FRAME, NodeKey, NodeName, SEAL_BYTES, Say, VERSION,
};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::collections::BTreeMap;

struct World {
    node: NodeName,
    topic: String,
    key: NodeKey,
    fleet: Fleet,
    now: Now,
    runs: u64,
    reached: BTreeMap<String, u64>,
}

impl World {
    fn new() -> Self {
        let node: NodeName = "pi-07".parse().expect("a name");
        let home: FleetName = "home".parse().expect("a name");
        let topic = Leaf::Frame.topic(&home, &node).as_str().to_owned();
        let key = FleetKey::new([7; 32]).node_key(&node, 1);
        let now = Now { mono: 0, unix: 1_763_694_300_000, trusted: true };
        Self { node, topic, key, fleet: Fleet::new(now), now, runs: 0, reached: BTreeMap::new() }
    }

    /// A frame as it arrives: the bytes after the first, behind a good head or
    /// as they are, sealed with the node's own key.
    fn arrives(&mut self, data: &[u8]) {
        self.runs += 1;
        // The fleet is made anew now and then, so that a finding stays short.
        if self.runs % 512 == 0 {
            self.fleet = Fleet::new(self.now);
        }
        let Some((how, rest)) = data.split_first() else { return };
        // Time passes, from nothing to a quarter of an hour between two frames.
        self.now.mono += u64::from(*how) * 4_000;
        self.now.unix += i64::from(*how) * 4_000;
        let mut frame = Frame::new();
        let room = MAX_FRAME - SEAL_BYTES;
        if how & 1 == 0 {
            if frame.extend_from_slice(&rest[..rest.len().min(room)]).is_err() {
                return;
            }
        } else {
            let Some((number, say)) = rest.split_first() else { return };
            let sequence = u32::from(*number) + 1;
            let head = Head { version: VERSION, boot: u32::from(how >> 6), sequence, oldest: 1 };
            if Body::assemble(&head, say, &mut frame).is_err() {
                return;
            }
        }
        if frame.is_empty() || self.key.seal(&self.topic, &mut frame).is_err() {
            return;
        }
        let body = self.key.open(&self.topic, &frame).expect("our own seal");
        let kind = match Body::decode(body) {
            Err(error) => format!("not decoded: {error:?}").split('(').next().unwrap_or_default().to_owned(),
            Ok(body) => self.admit(&body),
        };
        *self.reached.entry(kind).or_default() += 1;
        for change in self.fleet.tick(self.now) {
            assert!(!change.sentence().is_empty());
        }
        if self.runs.is_power_of_two() && self.runs >= 1 << 16 {
            eprintln!("reached after {} runs: {:?}", self.runs, self.reached);
        }
    }

    fn admit(&mut self, body: &Body<'_>) -> String {
        // What is decoded can be said again, and means the same.
        let mut again = Frame::new();
        body.encode(&mut again).expect("it came from a frame");
        assert_eq!(Body::decode(&again).as_ref(), Ok(body));
        if let Say::Replay(replay) = &body.say {
            for inner in &replay.bodies {
                if let Ok(inner) = Body::decode(inner)
                    && !matches!(inner.say, Say::Replay(_))
                {
                    let what = self.one(&inner, false);
                    *self.reached.entry(format!("replayed {what}")).or_default() += 1;
                }
            }
            return "replay".to_owned();
        }
        self.one(body, true)
    }

    fn one(&mut self, body: &Body<'_>, live: bool) -> String {
        let kind = match &body.say {
            Say::Hello(_) => "hello",
            Say::Vitals(_) => "vitals",
            Say::Replay(_) => "replay",
            Say::Services(_) => "services",
            Say::Farewell(_) => "farewell",
        };
        let outcome = match self.fleet.admit(self.now, &self.node, body, live) {
            Admission::Admitted(admitted) => {
                for change in &admitted.changes {
                    assert!(!change.sentence().is_empty());
                }
                // Once is once: the same body never counts again.
                let twice = self.fleet.admit(self.now, &self.node, body, live);
                assert!(!matches!(twice, Admission::Admitted(_)), "admitted twice: {body:?}");
                "admitted"
            }
            Admission::Double => "double",
            Admission::Refused(_) => "refused",
        };
        format!("{kind} {outcome}")
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

fuzz_target!(|data: &[u8]| {
    WORLD.with_borrow_mut(|world| world.arrives(data));
});
