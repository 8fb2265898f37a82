//! Objects as people write them: YAML in blocks.

use serde_json::Value;

/// A document, with its final line end.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                indent(depth, text);
                text.push_str(&scalar(&Value::String(key.clone())));
                text.push(':');
                write_below(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(depth, text);
                text.push('-');
                write_below(item, depth, text);
            }
        }
        value => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
}

fn write_below(value: &Value, depth: usize, text: &mut String) {
    let is_block = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        text.push('\n');
        write(value, depth + 1, text);
    } else {
        text.push(' ');
        text.push_str(&scalar(value));
        text.push('\n');
    }
}

fn indent(depth: usize, text: &mut String) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// A value on one line. Texts that could be read as something else are quoted.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        value => value.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'));
    let reads_otherwise = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    is_word && !reads_otherwise.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_could_be_read_as_something_else_is_quoted() {
        let value = json!({"kind": "Service", "labels": {"a/b": "true", "n": "443"},
            "ports": [{"port": 80, "none": null}], "empty": [], "ip": "10.0.0.1"});
        let expected = "\
empty: []
ip: \"10.0.0.1\"
kind: Service
labels:
  a/b: \"true\"
  \"n\": \"443\"
ports:
  -
    none: null
    port: 80
";
        assert_eq!(yaml(&value), expected);
    }
}
