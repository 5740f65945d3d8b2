//! Points of small charts, in a box of 100 by 24.

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
}
