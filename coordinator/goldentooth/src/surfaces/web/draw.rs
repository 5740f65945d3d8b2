//! Points and rectangles for small charts, in a box of 100 by 24.

use std::fmt::Write as _;

/// A range of values: from the least in `values` (or `floor`) at least `span` high.
fn range(values: &[f32], floor: Option<f32>, span: f32) -> (f32, f32) {
    let least = floor.unwrap_or_else(|| values.iter().copied().fold(f32::INFINITY, f32::min));
    let most = values.iter().copied().fold(least + span, f32::max);
    (least, most)
}

/// The `points` of a line through equally spaced values. As `polyline` in show.js.
pub(super) fn polyline(values: &[f32], floor: Option<f32>, span: f32) -> String {
    let (least, most) = range(values, floor, span);
    let y = |value: f32| 23.0 - (value - least) / (most - least) * 22.0;
    match values {
        [] => String::new(),
        [only] => format!("0,{y:.1} 100.0,{y:.1}", y = y(*only)),
        _ => {
            let step = 100.0 / (values.len() - 1) as f32;
            let each = values.iter().enumerate();
            join(each.map(|(i, value)| format!("{:.1},{:.1}", i as f32 * step, y(*value))))
        }
    }
}

/// Lines through values in equal steps, broken where one is missing: the
/// `points` of each stretch. A lone value becomes a short dash.
pub(super) fn broken(values: &[Option<f64>], floor: Option<f32>, span: f32) -> Vec<String> {
    let known: Vec<f32> = values.iter().flatten().map(|value| *value as f32).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let (least, most) = range(&known, floor, span);
    let width = 100.0 / values.len() as f32;
    let at = |i: usize, value: f64| {
        let x = (i as f32 + 0.5) * width;
        (x, 23.0 - (value as f32 - least) / (most - least) * 22.0)
    };
    let mut stretches = vec![Vec::new()];
    for (i, value) in values.iter().enumerate() {
        match (value, stretches.last_mut()) {
            (Some(value), Some(stretch)) => stretch.push(at(i, *value)),
            (None, Some(stretch)) if !stretch.is_empty() => stretches.push(Vec::new()),
            _ => {}
        }
    }
    let points = |stretch: Vec<(f32, f32)>| match stretch.as_slice() {
        [(x, y)] => format!("{:.1},{y:.1} {:.1},{y:.1}", x - width / 2.0, x + width / 2.0),
        _ => join(stretch.iter().map(|(x, y)| format!("{x:.1},{y:.1}"))),
    };
    stretches.into_iter().filter(|stretch| !stretch.is_empty()).map(points).collect()
}

/// Values as they stand in an attribute for the script to go on from.
pub(super) fn listed(values: &[f32]) -> String {
    values.iter().fold(String::new(), |mut text, value| {
        let _ = write!(text, "{}{}", if text.is_empty() { "" } else { " " }, fleet::words::tidy(*value));
        text
    })
}

fn join(points: impl Iterator<Item = String>) -> String {
    points.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fills_its_box_and_a_flat_one_stays_low() {
        assert_eq!(polyline(&[0.0, 1.0, 2.0], Some(0.0), 1.0), "0.0,23.0 50.0,12.0 100.0,1.0");
        assert_eq!(polyline(&[48.0, 48.0], None, 10.0), "0.0,23.0 100.0,23.0");
        assert_eq!(polyline(&[48.0], None, 10.0), "0,23.0 100.0,23.0");
        assert_eq!(polyline(&[], None, 10.0), "");
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let lines = broken(&[Some(0.0), Some(1.0), None, Some(1.0)], Some(0.0), 1.0);
        assert_eq!(lines, ["12.5,23.0 37.5,1.0", "75.0,1.0 100.0,1.0"]);
        assert!(broken(&[None, None], None, 1.0).is_empty());
    }
}
