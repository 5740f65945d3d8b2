//! Bodies that more than one test speaks of.

use frames::{
    Ack, Body, Budget, Cause, Classifier, Clock, Command, Direction, Down, Farewell, Head, Headroom, Hello,
    ModelChunk, Mood, Probability, Readings, Replay, Report, Run, Say, Service, ServiceState, Services,
    Settings, VERSION, Vital, Vitals, distance_code,
};

pub(crate) fn head(sequence: u32) -> Head {
    Head { version: VERSION, boot: 0x1BAD_CAFE, sequence, oldest: sequence }
}

pub(crate) fn body(sequence: u32, say: Say<'_>) -> Body<'_> {
    Body { head: head(sequence), say }
}

/// A Pi 5 with little to do: everything that such a board can measure, with
/// PSI turned on and the fan standing.
pub(crate) fn idle_pi5() -> Report {
    use Vital::*;
    let mut readings = Readings::default();
    for (vital, value) in [
        (Cpu, 2.5),
        (CpuBusiest, 6.0),
        (Load1, 0.08),
        (Load5, 0.05),
        (Load15, 0.01),
        (PsiCpuSome, 0.0),
        (PsiMemorySome, 0.0),
        (PsiMemoryFull, 0.0),
        (PsiIoSome, 0.5),
        (PsiIoFull, 0.0),
        (MemoryUsed, 11.5),
        (SwapUsed, 0.0),
        (SwapIn, 0.0),
        (SwapOut, 0.0),
        (DiskUsed, 34.0),
        (DiskBusy, 0.5),
        (DiskRead, 0.0),
        (DiskWrite, 4096.0),
        (NetReceived, 812.0),
        (NetSent, 640.0),
        (NetErrors, 0.0),
        (TcpRetransmits, 0.0),
        (Temperature, 47.5),
        (CpuFrequency, 1500.0),
        (Fan, 0.0),
        (Processes, 163.0),
        (Blocked, 0.0),
        (FailedUnits, 0.0),
        (OpenFiles, 0.5),
        (FilesystemErrors, 0.0),
        (ReadOnlyMounts, 0.0),
        (OomKills, 0.0),
        (DiskErrors, 0.0),
        (UnderVoltageNow, 0.0),
        (FrequencyCappedNow, 0.0),
        (ThrottledNow, 0.0),
        (SoftLimitNow, 0.0),
        (UnderVoltageSinceBoot, 0.0),
        (FrequencyCappedSinceBoot, 0.0),
        (ThrottledSinceBoot, 0.0),
        (SoftLimitSinceBoot, 0.0),
        (ClockSynchronised, 1.0),
    ] {
        readings.set(vital, value);
    }
    Report {
        uptime: 36_000 * 24,
        vitals: Vitals::from(&readings),
        mood: Some(Mood::Bored),
        probabilities: [0.93, 0.065, 0.005, 0.0].map(Probability::new),
        causes: [
            Cause { vital: Cpu, direction: Direction::Below, usual: Cpu.row().scale.encode(4.0) },
            Cause { vital: Load5, direction: Direction::Below, usual: Load5.row().scale.encode(0.2) },
        ]
        .into_iter()
        .collect(),
        distance: distance_code(0.8),
        classifier: Classifier::Model,
        budget: Budget { headroom: Probability::new(1.0), source: Headroom::Temperature },
        interval: 100,
        dropped: 0,
    }
}

/// Every field at what takes the most bytes.
pub(crate) fn extreme() -> Body<'static> {
    let mut readings = Readings::default();
    for vital in Vital::ALL {
        readings.set(*vital, f32::MAX);
    }
    let cause = |vital| Cause { vital, direction: Direction::Below, usual: Some(u8::MAX) };
    Body {
        head: Head { version: VERSION, boot: u32::MAX, sequence: u32::MAX, oldest: u32::MAX },
        say: Say::Vitals(Report {
            uptime: u32::MAX,
            vitals: Vitals::from(&readings),
            mood: Some(Mood::Crisis),
            probabilities: [1.0; 4].map(Probability::new),
            causes: [cause(Vital::ClockSynchronised), cause(Vital::DiskErrors)].into_iter().collect(),
            distance: Some(u8::MAX),
            classifier: Classifier::Rules,
            budget: Budget { headroom: Probability::new(1.0), source: Headroom::SoftLimit },
            interval: u16::MAX,
            dropped: u32::MAX,
        }),
    }
}

pub(crate) fn hello() -> Hello {
    Hello {
        kernel_boot: core::array::from_fn(|i| i as u8),
        agent: "0.1.0".try_into().unwrap(),
        model: Some("1-4f0c2a91".try_into().unwrap()),
        hardware: "Raspberry Pi 5 Model B Rev 1.0".try_into().unwrap(),
        serial: Some("10000000abcdef01".try_into().unwrap()),
        measurable: idle_pi5().vitals.present(),
        uptime: 215,
        clock: Some(Clock { offset: 1_795_000_000_000, trusted: true }),
        settings: 3,
        downlink: 17,
    }
}

pub(crate) fn services() -> Services {
    let unit = |name: &str, state| Service { name: name.try_into().unwrap(), state };
    Services {
        uptime: 9_000,
        units: [
            unit("ssh.service", ServiceState::Active),
            unit("backup.service", ServiceState::Failed),
            unit("grafana.service", ServiceState::Missing),
        ]
        .into_iter()
        .collect(),
    }
}

/// Every upward body that is checked in as bytes, with its name and meaning.
pub(crate) fn upward() -> Vec<(&'static str, &'static str, Body<'static>)> {
    let absent = Report {
        vitals: Vitals::default(),
        mood: None,
        causes: heapless::Vec::new(),
        distance: None,
        classifier: Classifier::Rules,
        budget: Budget { headroom: Probability::new(0.5), source: Headroom::NoSensor },
        interval: 10,
        ..idle_pi5()
    };
    vec![
        ("hello", "a Pi 5 says who it is", body(1, Say::Hello(hello()))),
        ("idle-pi5", "idle Pi 5 after a day, bored", body(8_640, Say::Vitals(idle_pi5()))),
        ("nothing-measured", "first sample of a machine without sensors", body(2, Say::Vitals(absent))),
        ("extreme", "every field at its longest", extreme()),
        ("services", "three watched units", body(77, Say::Services(services()))),
        ("farewell", "a clean stop", body(90_000, Say::Farewell(Farewell { uptime: 900_000 }))),
        (
            "replay",
            "two spooled bodies (here three bytes each: the wrapper does not look inside)",
            Body {
                head: Head { version: VERSION, boot: 7, sequence: 0, oldest: 3 },
                say: Say::Replay(Replay { bodies: [&[1, 2, 3][..], &[4, 5, 6]].into_iter().collect() }),
            },
        ),
    ]
}

/// Every downward body that is checked in as bytes.
pub(crate) fn downward() -> Vec<(&'static str, &'static str, Down<'static>)> {
    let down = |command| Down { version: VERSION, boot: 0x1BAD_CAFE, counter: 300, command };
    let runs = [Run { first: 12, last: 20 }, Run { first: 22, last: 22 }];
    vec![
        (
            "ack",
            "decided up to 10, and 12 to 20, and 22",
            down(Command::Ack(Ack { boot: 0x1BAD_CAFE, through: 10, runs: runs.into_iter().collect() })),
        ),
        (
            "settings",
            "a sample every 10 to 60 s",
            down(Command::Settings(Settings { version: 4, floor: 100, ceiling: 600 })),
        ),
        ("sample-now", "say a sample now", down(Command::SampleNow)),
        (
            "model-chunk",
            "the first four bytes of a model",
            down(Command::Model(ModelChunk { hash: [0xAB; 32], length: 40_000, offset: 0, bytes: b"onnx" })),
        ),
        ("unsupported", "this coordinator reads up to version 1", down(Command::Unsupported { max: 1 })),
    ]
}
