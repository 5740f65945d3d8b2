//! One provider: where it is, what it speaks, and one call to it.

use crate::access::Access;
use crate::http::{Body, Http, broken, whole};
use crate::settings::{Dialect, Price, ProviderSettings};
use crate::{Answer, Fault, Request, Usage};
use futures_util::StreamExt as _;
use sse_stream::SseStream;
use std::time::Duration;

/// The most that is read of an answer, in bytes: a hundred times what we ask for.
const MOST: usize = 256 << 10;
/// The most that is read of vectors: 64 of 4,096 numbers.
const MOST_VECTORS: usize = 8 << 20;
/// The most texts of one call for vectors.
const MOST_TEXTS: usize = 64;

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer.
    pub call: Duration,
}

/// Takes the words of an answer as they come.
type Pieces<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Somebody who can be asked.
#[derive(Clone, Debug)]
pub struct Provider {
    /// What the configuration calls it.
    pub name: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// Where it is.
    pub url: String,
    /// Which model answers.
    pub model: String,
    /// Which model makes vectors.
    pub embedding_model: Option<String>,
    /// What it costs.
    pub price: Price,
    access: Access,
    timeouts: Timeouts,
    http: Http,
}

impl Provider {
    /// A provider as the configuration describes it.
    pub fn new(name: &str, settings: &ProviderSettings, access: Access, timeouts: Timeouts) -> Self {
        Self {
            name: name.to_owned(),
            dialect: settings.kind,
            url: settings.url().to_owned(),
            model: settings.model.clone(),
            embedding_model: settings.embedding_model.clone(),
            price: settings.price,
            timeouts,
            http: Http::new(timeouts.connect, access.trust.as_ref()),
            access,
        }
    }

    /// One call, whole. Dropping the future ends it, and its connection.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ask(&self, request: &Request) -> Result<Answer, Fault> {
        self.in_time(async {
            let body = self.call(request, false).await?;
            self.dialect.answer(&whole(body, MOST).await?, request)
        })
        .await
    }

    /// One call whose words are told as they come: where a shape is wanted, its JSON.
    ///
    /// # Errors
    /// [`Fault`]; what was told until then was told.
    pub async fn stream(&self, request: &Request, pieces: Pieces<'_>) -> Result<Answer, Fault> {
        self.in_time(async {
            let mut events = SseStream::new(self.call(request, true).await?);
            let mut gather = self.dialect.gather();
            while let Some(event) = events.next().await {
                let event = event.map_err(|error| broken(&error, MOST))?;
                let Some(data) = event.data else { continue };
                let piece = gather.take(&data)?;
                if !piece.is_empty() {
                    pieces(&piece);
                }
                if gather.is_done() {
                    break;
                }
            }
            gather.finish(request)
        })
        .await
    }

    /// Texts as vectors, all of one length.
    ///
    /// # Errors
    /// [`Fault::Unable`] where it makes none, or for no or too many texts; else as a call.
    pub async fn embed(&self, texts: &[String]) -> Result<(Vec<Vec<f32>>, Usage), Fault> {
        let (Some(model), Dialect::OpenAi) = (&self.embedding_model, self.dialect) else {
            return Err(Fault::Unable("it makes no vectors"));
        };
        if texts.is_empty() || texts.len() > MOST_TEXTS {
            return Err(Fault::Unable("a call makes vectors of 1 to 64 texts"));
        }
        self.in_time(async {
            let url = format!("{}/embeddings", self.url);
            let headers = self.dialect.headers(self.access.key.as_ref());
            let body = crate::dialect::embedding_body(model, texts);
            let body = self.http.post(&url, headers, &body, MOST_VECTORS).await?;
            crate::dialect::embedding(&whole(body, MOST_VECTORS).await?, texts.len())
        })
        .await
    }

    async fn call(&self, request: &Request, streams: bool) -> Result<Body, Fault> {
        let url = format!("{}{}", self.url, self.dialect.path());
        let body = self.dialect.body(request, &self.model, &url, streams);
        self.http.post(&url, self.dialect.headers(self.access.key.as_ref()), &body, MOST).await
    }

    async fn in_time<T>(&self, call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let limit = self.timeouts.call;
        tokio::time::timeout(limit, call).await.unwrap_or(Err(Fault::Slow(limit)))
    }
}
