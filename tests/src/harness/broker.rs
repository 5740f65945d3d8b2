//! Mosquitto from Debian's packages: somebody else's broker.

use super::{Scratch, eventually, secs};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A Mosquitto of a test's own, on loopback, that saves what it holds.
pub struct Mosquitto {
    child: Option<Child>,
    config: PathBuf,
    /// Its port.
    pub port: u16,
}

impl Mosquitto {
    /// Starts one that lets everybody in, or with the given lines in its
    /// configuration instead.
    ///
    /// # Panics
    /// If Mosquitto is missing: `./ci/test` installs it.
    pub fn start(scratch: &Scratch, access: &str) -> Self {
        let port = free_port();
        let config = scratch.join("mosquitto.conf");
        let access = if access.is_empty() { "allow_anonymous true" } else { access };
        let folder = scratch.path().display();
        let text = format!(
            "listener {port} 127.0.0.1\n{access}\npersistence true\npersistence_location {folder}/\n\
             max_queued_messages 100000\n"
        );
        std::fs::write(&config, text).expect("mosquitto.conf");
        let mut mosquitto = Self { child: None, config, port };
        mosquitto.restart();
        mosquitto
    }

    /// `mqtt://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Has it read its password and ACL files again (SIGHUP).
    pub fn reload(&self) {
        if let Some(child) = &self.child {
            let hup = Command::new("kill").args(["-HUP", &child.id().to_string()]).status();
            assert!(hup.is_ok_and(|status| status.success()), "mosquitto can be told");
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port.
    ///
    /// # Panics
    /// If it doesn't come up within 10 s.
    pub fn restart(&mut self) {
        self.kill();
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(&self.config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed (./ci/test does it)");
        self.child = Some(child);
        eventually("mosquitto", secs(10), || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
