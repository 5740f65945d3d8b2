//! llama.cpp's own server, with a tiny random model: whole, in pieces, in a
//! wanted shape, as vectors. What it says is rubbish, and of no interest.

use super::*;
use crate::{Answer, Fault};

/// `ci/judges` starts the server, and says where it is.
fn at_home() -> Provider {
    let url = std::env::var("GOLDENTOOTH_LLAMA").expect("GOLDENTOOTH_LLAMA is the server's address");
    let text = format!(
        "[providers.p]\nkind = \"openai\"\nmodel = \"tiny\"\nembedding_model = \"tiny\"\nbase_url = \"{url}/v1\""
    );
    made(&toml::from_str(&text).unwrap(), "well")
}

#[tokio::test]
#[ignore = "it needs llama.cpp's server: ci/judges has it, and runs this"]
async fn llama_cpps_own_server_is_understood() {
    let home = at_home();
    let short = Request { most: 12, ..request("Tell of rain.") };
    let whole = home.ask(&short).await.unwrap();
    let (input, output) = (whole.usage.input.unwrap(), whole.usage.output.unwrap());
    assert!(input > 20 && (1..=12).contains(&output), "{:?}", whole.usage);
    assert_eq!((whole.stopped, whole.text.is_empty()), (output == 12, false));
    let mut told = String::new();
    let pieces = home.stream(&short, &mut |piece: &str| told.push_str(piece)).await.unwrap();
    assert_eq!((&told, pieces.usage.input), (&pieces.text, Some(input)));
    assert!(pieces.usage.cached.is_some_and(|cached| cached > input / 2), "the same prompt is kept");

    // What it may write is held to the shape by the server; too few tokens end it early.
    let fits = |answer: Result<Answer, Fault>| match answer {
        Ok(answer) => answer.json.is_some_and(|json| json["word"].is_string()),
        Err(Fault::Unfit { usage, .. }) => usage.output.is_some(),
        // It refuses by itself what its own grammar was cut short in.
        Err(Fault::Status { status, .. }) => status == 500,
        Err(_) => false,
    };
    let mut shapes = 0;
    for word in ["rain", "snow", "hail", "sleet", "mist"] {
        let answer = home.ask(&Request { most: 200, ..shaped(word) }).await;
        shapes += usize::from(answer.is_ok());
        assert!(fits(answer), "{word}");
    }
    assert!(shapes > 0, "some of them are whole");

    let texts = ["rain".to_owned(), "a long walk in the rain".to_owned(), "rain".to_owned()];
    let (vectors, usage) = home.embed(&texts).await.unwrap();
    assert_eq!((vectors.len(), vectors[0].len()), (3, 64));
    assert!(usage.input.is_some_and(|input| input > 10));
    assert_ne!(vectors[0], vectors[1]);
    let same = vectors[0].iter().zip(&vectors[2]).all(|(one, other)| (one - other).abs() < 1e-3);
    assert!(same, "the same text has the same vector");
}
