use super::*;

fn with_metadata(entries: &[(&str, &str)]) -> Vec<u8> {
    let metadata = entries.iter().map(|(key, value)| Entry { key: (*key).into(), value: (*value).into() });
    Head { metadata: metadata.collect() }.encode_to_vec()
}

fn refusal(entries: &[(&str, &str)]) -> ModelError {
    Model::from_bytes(&with_metadata(entries)).unwrap_err()
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
    let moods = "bored,happy,stressed,crisis";
    let hash = schema_hash();
    assert!(matches!(refusal(&[]), ModelError::NoMetadata { key: SCHEMA }));
    let other = refusal(&[(SCHEMA, "00ff"), (MOOD_ORDER, moods), (VERSION, "1")]);
    assert!(other.to_string().contains("00ff") && other.to_string().contains(&hash), "{other}");
    let reversed = refusal(&[(SCHEMA, &hash), (MOOD_ORDER, "crisis,stressed,happy,bored"), (VERSION, "1")]);
    assert!(matches!(reversed, ModelError::OtherMoods { .. }));
    let long = "1.0-with-a-very-long-name-indeed";
    let version = refusal(&[(SCHEMA, &hash), (MOOD_ORDER, moods), (VERSION, long)]);
    assert!(matches!(version, ModelError::Version(_)));
    // The right metadata around no graph at all.
    let empty = refusal(&[(SCHEMA, &hash), (MOOD_ORDER, moods), (VERSION, "1")]);
    assert!(matches!(empty, ModelError::Backend(_) | ModelError::Shape { .. }), "{empty}");
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
