//! How frames come: by a broker of our own, or by another.

use super::UpError;
use crate::broker::Broker;
use crate::config::{BrokerChoice, Config, Outside};
use crate::data::Data;
use crate::enrol::{Keys, Reach, hostname};
use crate::intake::claim::Claim;
use crate::intake::link::Way;
use crate::simulate::Inside;
use node_agent::enrolment::Address;
use std::sync::Arc;

/// How frames are carried: the broker, and the ways to it.
pub(super) struct Carried {
    pub(super) broker: Option<Broker>,
    pub(super) reach: Reach,
    pub(super) inside: Inside,
    pub(super) way: Way,
    pub(super) claim: Option<Claim>,
}

/// Starts the embedded broker, or asks at the outside one whether the fleet is free.
pub(super) async fn carry(config: &Config, keys: &Arc<Keys>, data: &Data) -> Result<Carried, UpError> {
    match &config.broker {
        BrokerChoice::Embedded(listen) => {
            let broker = Broker::start(*listen, Arc::clone(keys), data).await?;
            let address =
                Address { tls: false, host: broker.inside.ip().to_string(), port: broker.inside.port() };
            Ok(Carried {
                reach: Reach::embedded(broker.listens, broker.certificate.clone()),
                inside: Inside { address, certificate: None },
                way: Way::inside(broker.local(), keys.fleet()),
                broker: Some(broker),
                claim: None,
            })
        }
        BrokerChoice::Outside(outside) => {
            let Outside { address, certificate, .. } = outside;
            let instance = data.instance()?;
            let claim = Claim::new(keys.fleet(), &instance, hostname().unwrap_or_default());
            let way = |name: &str| Way::outside(outside, keys.fleet(), name);
            claim.check(way(&format!("{instance}-look"))?, keys.fleet()).await?;
            let mut way = way(&instance)?;
            let release = claim.release();
            way.set_will(&release.topic, release.payload);
            way.hear(&claim.topic);
            Ok(Carried {
                broker: None,
                reach: Reach {
                    host: address.host.clone(),
                    port: address.port,
                    tls: address.tls,
                    certificate: certificate.clone(),
                },
                inside: Inside { address: address.clone(), certificate: certificate.clone() },
                way,
                claim: Some(claim),
            })
        }
    }
}
