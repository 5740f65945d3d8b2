//! Questions to a running coordinator, from the command line and in a terminal, and over a restart.

use crate::harness::{Coordinator, Scratch, binary, eventually, run, secs};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// What a command says of this coordinator, given these lines; as one line, since
/// where it breaks depends on the length of names.
fn told(coordinator: &Coordinator, arguments: &[&str], lines: &str) -> String {
    let mut child = Command::new(binary("goldentooth"))
        .args(arguments)
        .env("GOLDENTOOTH_URL", &coordinator.ready.http)
        .env_remove("GOLDENTOOTH_FLAVOUR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fleet(data: &std::path::Path) -> Coordinator {
    let coordinator = Coordinator::start(data, &["--no-local-node", "--simulate", "3"]);
    eventually("three nodes that feel something", secs(60), || {
        let nodes = coordinator.get("/api/v1/nodes");
        let all = nodes.as_array()?;
        (all.len() == 3 && all.iter().all(|node| !node["vitals"]["temperature"].is_null())).then_some(())
    });
    coordinator
}

/// A coordinator with a real agent for this machine, and that node's name.
fn this_machine(data: &std::path::Path) -> (Coordinator, String) {
    let coordinator = Coordinator::start(data, &[]);
    let name = eventually("this machine's readings", secs(60), || {
        // Not what was known before a restart: a greeting and two samples.
        let accepted = coordinator.get("/api/v1/status")["accepted"].as_u64()?;
        let nodes = coordinator.get("/api/v1/nodes");
        let node = nodes.as_array()?.first()?;
        (accepted >= 3 && node["vitals"]["cpu"].is_object())
            .then(|| node["name"].as_str().map(str::to_owned))?
    });
    (coordinator, name)
}

// With a real node: what a run with simulated ones hears is not kept.
#[test]
fn a_conversation_goes_on_after_a_restart() {
    let scratch = Scratch::new();
    let data = scratch.join("data");
    let (first, name) = this_machine(&data);
    let question = format!("what is the load of {name}?");
    let said = told(&first, &["chat", "--as", "ann"], &format!("{question}\nand its memory?\n"));
    assert!(said.contains("Load over 1 min") && said.contains("Memory used"), "{said}");
    assert!(first.stop().success());

    let (second, _) = this_machine(&data);
    let said = told(&second, &["chat", "--as", "ann"], "and its cpu?\n");
    assert!(said.contains(&format!("ann> {question}")), "where it was left: {said}");
    assert!(said.contains(&format!("CPU of {name}")), "{said}");
    // Somebody else has asked nothing yet.
    let said = told(&second, &["ask", "--as", "bob", "and", "its", "cpu?"], "");
    assert!(said.contains("I can't tell that"), "{said}");
    assert!(second.stop().success());
}

#[test]
fn a_council_and_plain_facts_by_the_command_line() {
    let scratch = Scratch::new();
    let fleet = fleet(&scratch.join("data"));
    let council = fleet.get("/api/v1/nodes/sim-01/council");
    assert_eq!(council["readings"].as_array().map(Vec::len), Some(15), "{council}");
    let plain = told(&fleet, &["ask", "--json", "--flavour", "off", "how", "is", "sim-01"], "");
    let answers: Value = serde_json::from_str(&plain).expect("JSON");
    let text = answers["answers"][0]["text"].as_str().expect("an answer");
    assert!(
        text.starts_with("sim-01 is ") && (text.contains("eye") || text.contains("divided")),
        "the fact first, and the count: {text}"
    );
    let fact = answers["answers"][0]["facts"][0]["id"].as_str().expect("a fact").to_owned();
    eventually("the fact at its address", secs(10), || {
        let found = ureq::get(format!("{}/api/v1/facts/{fact}", fleet.ready.http)).call().ok()?;
        (found.status() == 200).then_some(())
    });
    assert!(fleet.stop().success());
}

#[test]
fn the_page_of_the_cast_tells_as_it_is_set_or_as_somebody_chose() {
    let scratch = Scratch::new();
    let file = scratch.join("goldentooth.toml");
    std::fs::write(&file, "[flavour]\npage = \"off\"\n").expect("a configuration");
    let file = file.to_str().expect("a path in UTF-8");
    let arguments = ["--no-local-node", "--simulate", "3", "--config", file];
    let fleet = Coordinator::start(&scratch.join("data"), &arguments);
    let page = |cookie: &str| {
        let asked = ureq::get(format!("{}/cast", fleet.ready.http)).header("cookie", cookie).call();
        asked.expect("the page").body_mut().read_to_string().expect("its text")
    };
    // What each said last, in its own voice and plainly; none that markup would change.
    let lines = || {
        let cast = fleet.get("/api/v1/cast");
        let said = cast.as_array().into_iter().flatten().filter_map(|one| {
            let said = |key: &str| one["last_said"][key].as_str().map(str::to_owned);
            Some((said("text")?, said("plain")?))
        });
        let shown = said
            .filter(|(own, plain)| own != plain && !(format!("{own}{plain}").contains(['"', '&', '<', '>'])));
        shown.collect::<Vec<(String, String)>>()
    };
    let (told, chosen, line) = eventually("a line that stands while both pages are read", secs(60), || {
        let line = lines().into_iter().next()?;
        let (told, chosen) = (page(""), page("goldentooth-flavour=full"));
        lines().contains(&line).then_some((told, chosen, line))
    });
    let (own, plain) = line;
    assert!(told.contains(&plain) && !told.contains(&own), "as it is set: {plain:?}, not {own:?}");
    assert!(chosen.contains(&own), "as somebody chose: {own:?}");
    assert!(fleet.stop().success());
}

/// A command in a terminal of its own, as `script` makes one: each of these is waited for, and
/// answered with these keys. What the terminal showed in all.
fn in_a_terminal(
    coordinator: &Coordinator,
    home: &std::path::Path,
    command: &str,
    steps: &[(&str, &str)],
) -> String {
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("'{}' {command}", binary("goldentooth").display()))
        .arg("/dev/null")
        .env("GOLDENTOOTH_URL", &coordinator.ready.http)
        .env_remove("GOLDENTOOTH_FLAVOUR")
        .env_remove("XDG_STATE_HOME")
        .env("HOME", home)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("script, of Debian's bsdutils");
    let shown = Arc::new(Mutex::new(String::new()));
    let (mut out, seen) = (child.stdout.take().expect("a pipe"), Arc::clone(&shown));
    let reader = std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = out.read(&mut piece) {
            let text = String::from_utf8_lossy(&piece[..length]);
            seen.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    });
    let so_far = || shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut keys = child.stdin.take().expect("a pipe");
    let mut from = 0;
    for (awaited, pressed) in steps {
        from = eventually(&format!("{awaited:?} on the terminal"), secs(30), || {
            let shown = so_far();
            shown.get(from..)?.find(awaited).map(|at| from + at + awaited.len())
        });
        keys.write_all(pressed.as_bytes()).expect("it reads");
        keys.flush().expect("it reads");
    }
    let ended = eventually("its end", secs(30), || child.try_wait().expect("it is ours"));
    drop(keys);
    reader.join().expect("the reader ends");
    assert!(ended.success(), "{ended}: {}", so_far());
    so_far()
}

#[test]
fn a_conversation_in_a_terminal_completes_names_and_bears_ctrl_c() {
    let scratch = Scratch::new();
    let fleet = fleet(&scratch.join("data"));
    let home = scratch.join("home");
    std::fs::create_dir_all(&home).expect("a folder");
    // With the cursor behind it: what was said before is recalled with the same name.
    let prompt = "ann> \r\u{1b}[5C";
    let shown = in_a_terminal(
        &fleet,
        &home,
        "chat --as ann",
        &[
            (prompt, "how is the fleet\r"),
            ("understudy", ""),
            // What was begun is thrown away, and the conversation goes on.
            (prompt, "this is thrown a"),
            ("thrown a", "\u{3}"),
            (prompt, "@umb\t"),
            ("@umbrell ", "how is sim-01\r"),
            ("umbrell, by the understudy", ""),
            (prompt, "\u{4}"),
        ],
    );
    let plain = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("Of 3 nodes"), "{shown}");
    let history =
        std::fs::read_to_string(home.join(".local/state/goldentooth/chat-history")).expect("a history");
    let asked: Vec<&str> = history.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(asked, ["how is the fleet", "@umbrell how is sim-01"]);
    // Twice in a row ends it, as it should be. (To somebody who has asked before, what was asked is shown first.)
    let prompt = "bob> ";
    in_a_terminal(&fleet, &home, "chat --as bob", &[(prompt, "\u{3}"), (prompt, "\u{3}")]);
    assert!(fleet.stop().success());
}

/// Every file of the data folder that holds these bytes.
fn holding(folder: &std::path::Path, name: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("the data folder").flatten().map(|file| file.path());
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(name.len()).any(|window| window == name.as_bytes())
    };
    files.filter(|path| path.is_file()).filter(holds).map(|path| path.display().to_string()).collect()
}

#[test]
fn a_forgotten_person_is_in_no_byte_of_the_data_folder() {
    const PERSON: &str = "Wilhelmina-Zweig";
    let scratch = Scratch::new();
    let data = scratch.join("data");
    let (coordinator, name) = this_machine(&data);
    for question in ["how is", "why is", "what should I do about"] {
        told(&coordinator, &["ask", "--as", PERSON, "@caudex", question, &name], "");
    }
    eventually("the character knows the person", secs(20), || {
        let why = told(&coordinator, &["cast", "why", "caudex"], "");
        why.contains(&format!("It knows {PERSON}, who asked it 3 times")).then_some(())
    });
    eventually("it is in the store", secs(20), || (!holding(&data, PERSON).is_empty()).then_some(()));
    let folder = data.display().to_string();
    let done = run("goldentooth", ["forget-person", PERSON, "--json", "--data", &folder]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((done["events"].as_u64(), done["others"].as_u64()), (Some(3), Some(0)));
    assert_eq!(holding(&data, PERSON), Vec::<String>::new(), "while it runs");
    assert!(!told(&coordinator, &["cast", "why", "caudex"], "").contains(PERSON));
    let left = coordinator.events("answered");
    assert_eq!(left.len(), 3, "that somebody asked, and when, stays: {left:?}");
    assert!(coordinator.stop().success());
    assert_eq!(holding(&data, PERSON), Vec::<String>::new(), "and after its end");
}
