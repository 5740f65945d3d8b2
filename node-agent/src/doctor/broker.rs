//! Whether the broker of an enrolment answers, and accepts it.

use super::Finding;
use crate::enrolment::{Address, Enrolment};
use crate::say::{find, tls};
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, ConnectionError, Event, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const WHAT: &str = "broker";
/// How long one address may take: a Pi on a bad Wi-Fi answers within two.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the kernel keeps of the agent's name: 15 bytes.
const OUR_NAME: &str = "goldentooth-nod";

/// One finding for each address of the enrolment at `path`. It is a failure only if none answers.
pub(super) async fn examine(path: &Path, enrolment: &Enrolment, mdns: bool) -> Vec<Finding> {
    let busy = agent_runs(path);
    let mut findings = Vec::new();
    for address in &enrolment.addresses {
        // As the agent looks it up.
        let place = find::resolved(address, mdns).await;
        findings.push(match attempt(enrolment, &place, busy).await {
            Ok(found) => Finding::good(WHAT, format!("{address}: {found}")),
            Err((found, advice)) => Finding::failed(WHAT, format!("{address}: {found}"), advice),
        });
    }
    if findings.iter().any(|finding| finding.advice.is_none()) {
        // The agent tries them in turn: one that answers is enough.
        for finding in findings.iter_mut().filter(|finding| finding.advice.is_some()) {
            finding.state = super::State::Note;
        }
    }
    findings
}

/// Reaches the address, and logs in unless an agent runs here already: a
/// second connection with the same account would push it off.
async fn attempt(
    enrolment: &Enrolment,
    address: &Address,
    busy: bool,
) -> Result<&'static str, (String, &'static str)> {
    const REACH: &str = "see that the coordinator runs (goldentooth status there), that this machine reaches its \
                         network, and that no firewall stands between";
    const ENROL: &str = "enrol again on the coordinator: goldentooth enroll NAME --out FILE";
    let place = (address.host.as_str(), address.port);
    match timeout(PATIENCE, TcpStream::connect(place)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err((error.to_string(), REACH)),
        Err(_) => return Err((format!("no answer within {} s", PATIENCE.as_secs()), REACH)),
    }
    if busy {
        return Ok("can be reached; the login was not tried, since an agent runs here with this enrolment");
    }
    let account = &enrolment.account;
    let mut options = MqttOptions::new(account.user.as_str(), address.host.as_str(), address.port);
    options.set_clean_start(true).set_credentials(account.user.as_str(), account.password.expose());
    if address.tls {
        let pem = enrolment.certificate.as_deref().unwrap_or_default();
        let config = tls::pinned(pem).map_err(|error| (error.to_string(), ENROL))?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
    }
    let (client, mut events) = AsyncClient::new(options, 1);
    let answer = timeout(PATIENCE, async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    })
    .await;
    match answer {
        Ok(Ok(())) => {
            // Politely, so that the broker does not think the node has died.
            if client.try_disconnect().is_ok() {
                let _ = timeout(Duration::from_secs(1), async { while events.poll().await.is_ok() {} }).await;
            }
            Ok("answers, and accepts this enrolment")
        }
        Ok(Err(ConnectionError::ConnectionRefused(code))) => {
            Err((format!("does not accept this enrolment ({code:?}); a newer one may have voided it"), ENROL))
        }
        Ok(Err(error @ ConnectionError::Tls(_))) => Err((
            format!("no TLS with it: {error}; is it still the coordinator that made the enrolment?"),
            ENROL,
        )),
        Ok(Err(error)) => {
            Err((format!("can be reached, but it does not speak MQTT with us: {error}"), REACH))
        }
        Err(_) => Err((format!("can be reached, but says nothing within {} s", PATIENCE.as_secs()), REACH)),
    }
}

/// Whether an agent runs on this machine with the enrolment file at `path`.
fn agent_runs(path: &Path) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let own = std::process::id().to_string();
    processes.flatten().filter(|entry| entry.file_name().to_str() != Some(own.as_str())).any(|entry| {
        let folder = entry.path();
        let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
        name.trim() == OUR_NAME && runs_with(&folder, path)
    })
}

/// Whether the process below `folder` is a `run` with this enrolment file. One
/// that names no file has it from its configuration: then it may be.
fn runs_with(folder: &Path, path: &Path) -> bool {
    let line = std::fs::read(folder.join("cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let mut arguments = line.split('\0').skip(1);
    if arguments.next() != Some("run") {
        return false;
    }
    let mut named = None;
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--enrolment") {
            Some("") => named = arguments.next(),
            Some(rest) => named = rest.strip_prefix('=').or(named),
            None => {}
        }
    }
    let real = |path: &Path| path.canonicalize().ok();
    named.is_none_or(|named| real(&folder.join("cwd").join(named)) == real(path))
}
