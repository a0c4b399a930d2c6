//! Texts of the Python module: literals, docstrings, and which names can be attributes.

/// Names that cannot be attributes in source: <https://docs.python.org/3/reference/lexical_analysis.html#keywords>.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Attributes that a dict has itself: they hide the field.
const OF_DICT: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

/// Names that the module's annotations use. A field of such a name hides them in the class that it is in.
const USED: &[&str] = &["bool", "dict", "float", "int", "list", "str"];

/// Whether `data.NAME` is the field.
#[must_use]
pub fn is_attribute(name: &str) -> bool {
    let hidden = name.starts_with("__") || name == "_b" || name == "_t";
    !hidden && !KEYWORDS.contains(&name) && !OF_DICT.contains(&name)
}

/// Whether a field hides a builtin that annotations use.
#[must_use]
pub fn hides(name: &str) -> bool {
    USED.contains(&name)
}

/// A comment at an indentation, with its line end.
#[must_use]
pub fn comment(text: &str, indent: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        let line = line.replace(char::is_control, " ");
        out.push_str(format!("{indent}# {line}").trim_end());
        out.push('\n');
    }
    out
}

/// A docstring at an indentation, with its line end.
#[must_use]
pub fn docstring(text: &str, indent: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    let mut escaped = escaped.replace("\"\"\"", "\\\"\\\"\\\"");
    if escaped.ends_with('"') {
        escaped.pop();
        escaped.push_str("\\\"");
    }
    let mut out = format!("{indent}\"\"\"");
    for (at, line) in escaped.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
            out.push_str(if line.is_empty() { "" } else { indent });
        }
        out.push_str(line);
    }
    if escaped.contains('\n') {
        out.push('\n');
        out.push_str(indent);
    }
    out.push_str("\"\"\"\n");
    out
}

#[cfg(test)]
mod tests {
    use super::docstring;

    #[test]
    fn nothing_ends_a_docstring_early() {
        assert_eq!(docstring("says \"hi\"", ""), "\"\"\"says \"hi\\\"\"\"\"\n");
        assert_eq!(docstring("\"\"\"\"", ""), "\"\"\"\\\"\\\"\\\"\\\"\"\"\"\n");
        assert_eq!(docstring("ends in \\", ""), "\"\"\"ends in \\\\\"\"\"\n");
        assert_eq!(docstring("a\u{0}b\n\nc", "  "), "  \"\"\"a\\x00b\n\n  c\n  \"\"\"\n");
    }
}
