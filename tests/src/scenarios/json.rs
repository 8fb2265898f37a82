//! Comparison of JSON with what was expected of it.

use super::bindings::Bindings;
use serde_json::Value;

/// Whether a value is so: of a map the keys that are written, of a list each item with one of its
/// own, `*` is anything that is there, `>N` and `<N` are numbers, placeholders are addresses.
pub(super) fn matches(expected: &Value, got: &Value, bindings: &mut Bindings) -> bool {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().all(|(key, expected)| {
            got.get(key)
                .is_some_and(|got| matches(expected, got, bindings))
        }),
        (Value::Array(expected), Value::Array(got)) => {
            let mut left: Vec<&Value> = got.iter().collect();
            expected.len() == left.len()
                && expected.iter().all(|expected| {
                    let found = left.iter().position(|got| matches(expected, got, bindings));
                    found.map(|at| left.remove(at)).is_some()
                })
        }
        (Value::String(text), got) if text == "*" => !got.is_null(),
        (Value::String(text), Value::Number(got)) => is_bound_kept(text, got.as_f64()),
        (Value::String(text), Value::String(got)) if text.starts_with('$') => {
            bindings.matches(text, got)
        }
        (Value::Number(expected), Value::Number(got)) => expected.as_f64() == got.as_f64(),
        (expected, got) => expected == got,
    }
}

fn is_bound_kept(text: &str, got: Option<f64>) -> bool {
    let (Some(operator), Some(got)) = (text.chars().next(), got) else {
        return false;
    };
    let Ok(bound) = text[operator.len_utf8()..].trim().parse::<f64>() else {
        return false;
    };
    match operator {
        '>' => got > bound,
        '<' => got < bound,
        _ => false,
    }
}

/// The elements of a value: its items, or itself.
pub(super) fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        value => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Blocks;
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_that_are_not_written_are_not_compared_and_lists_are_complete() {
        let mut bindings = Bindings::new(Blocks::of(None).unwrap());
        let mut is = |expected: Value, got: Value| matches(&expected, &got, &mut bindings);
        assert!(is(json!({"a": 1}), json!({"a": 1, "b": 2})));
        assert!(!is(json!({"a": 1}), json!({"b": 2})));
        assert!(is(json!(["y", "x"]), json!(["x", "y"])));
        assert!(!is(json!(["x"]), json!(["x", "y"])));
        assert!(is(json!({"age": ">0"}), json!({"age": 3})));
        assert!(!is(json!({"age": ">0"}), json!({"age": 0})));
        assert!(!is(json!({"since": "*"}), json!({"since": null})));
        assert!(is(
            json!({"v4": "$vip4(a.b)"}),
            json!({"v4": "240.240.1.1"})
        ));
        assert!(!is(
            json!({"v4": "$vip4(a.b)"}),
            json!({"v4": "240.240.1.2"})
        ));
    }
}
