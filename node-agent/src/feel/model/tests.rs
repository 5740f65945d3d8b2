use super::*;

/// The embedded model with one text in it replaced by another of the same length,
/// as often as it occurs.
fn with(text: &str, other: &str) -> Vec<u8> {
    assert_eq!(text.len(), other.len(), "lengths are part of the format");
    let mut bytes = EMBEDDED.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
    assert!(!places.is_empty(), "{text} is not in the model");
    for at in places {
        bytes[at..at + text.len()].copy_from_slice(other.as_bytes());
    }
    bytes
}

fn refusal(text: &str, other: &str) -> ModelError {
    Model::from_bytes(&with(text, other)).unwrap_err()
}

#[test]
fn the_embedded_model_loads_and_answers() {
    let model = Model::embedded().unwrap();
    assert!(EMBEDDED.len() < 100_000, "{} bytes", EMBEDDED.len());
    let other = Model::embedded().unwrap();
    assert_eq!(model.version(), other.version());
    let vector = [0.5; INPUTS];
    let bits = |model: &Model| model.classify(&vector).unwrap().map(f32::to_bits);
    assert_eq!(bits(&model), bits(&other));
}

#[test]
fn a_model_for_other_features_is_refused_before_it_runs() {
    let hash = schema_hash();
    assert!(matches!(refusal(SCHEMA, "goldentooth.scheme"), ModelError::NoMetadata { key: SCHEMA }));
    let swapped: String = hash.chars().rev().collect();
    let other = refusal(&hash, &swapped);
    assert!(matches!(other, ModelError::OtherSchema { .. }), "{other}");
    assert!(other.to_string().contains(&swapped) && other.to_string().contains(&hash), "{other}");
    let reversed = refusal("bored,happy,stressed,crisis", "crisis,stressed,happy,bored");
    assert!(matches!(reversed, ModelError::OtherMoods { .. }), "{reversed}");
    let unversioned = refusal(VERSION, "goldentooth.verzion");
    assert!(matches!(unversioned, ModelError::NoMetadata { key: VERSION }), "{unversioned}");
}

#[test]
fn a_network_that_can_not_be_run_is_refused() {
    let unknown = refusal("Softmax", "Softmin");
    assert!(unknown.to_string().contains("Softmin"), "{unknown}");
    // An operator that is known, with an attribute that it can't have.
    let strange = refusal("Softmax", "Sigmoid");
    assert!(strange.to_string().contains("axis"), "{strange}");
}

#[test]
fn garbage_and_missing_files_are_named() {
    assert!(matches!(Model::from_bytes(b"no model").unwrap_err(), ModelError::NotOnnx(_)));
    let mut cut = EMBEDDED.to_vec();
    cut.truncate(EMBEDDED.len() / 2);
    assert!(Model::from_bytes(&cut).is_err());
    let missing = Model::load(Path::new("/nowhere/mood.onnx")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/mood.onnx"), "{missing}");
}

/// What Python's ONNX Runtime says of the same features, as models/train wrote
/// it: one line per vector, features and then probabilities, as f32 in hex bits.
#[test]
fn the_agent_says_what_onnx_runtime_says() {
    let golden = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/golden.csv"));
    let model = Model::embedded().unwrap();
    let mut lines = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#')) {
        let numbers: Vec<f32> =
            line.split(',').map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap())).collect();
        let vector: &Vector = numbers[..INPUTS].try_into().unwrap();
        let said = model.classify(vector).unwrap();
        for (ours, theirs) in said.iter().zip(&numbers[INPUTS..]) {
            assert!((ours - theirs).abs() < 1e-5, "line {lines}: {said:?} and {:?}", &numbers[INPUTS..]);
        }
        lines += 1;
    }
    assert!(lines >= 32, "{lines} golden vectors");
}
