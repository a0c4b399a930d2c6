//! A bound on nesting, checked before the recursive parser sees the text.

/// How deep brackets may nest. The language's own statements nest five deep.
pub const MAX_DEPTH: usize = 48;

/// The byte offset of the first bracket that nests deeper than [`MAX_DEPTH`], if any.
///
/// Brackets inside texts and comments do not count; a text ends at the end of its line at the latest.
#[must_use]
pub fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'/' if matches!(bytes.peek(), Some((_, b'/'))) => {
                while bytes.next_if(|(_, b)| !ends_line(*b)).is_some() {}
            }
            b'"' => {
                while let Some((_, inner)) = bytes.next_if(|(_, b)| *b != b'"' && !ends_line(*b)) {
                    if inner == b'\\' {
                        bytes.next_if(|(_, b)| !ends_line(*b));
                    }
                }
                bytes.next_if(|(_, b)| *b == b'"');
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// As the grammar has it: a lone carriage return ends a line too.
fn ends_line(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, too_deep};

    #[test]
    fn counts_brackets_outside_texts_and_comments() {
        assert_eq!(too_deep(&"{".repeat(MAX_DEPTH)), None);
        assert_eq!(too_deep(&"{".repeat(MAX_DEPTH + 1)), Some(MAX_DEPTH));
        assert_eq!(too_deep(&format!("\"{}\"", "{".repeat(99))), None);
        assert_eq!(too_deep(&format!("// {}", "{".repeat(99))), None);
        assert!(too_deep(&format!("// c\r{}", "{".repeat(99))).is_some());
        assert!(too_deep(&format!("\"\r{}", "{".repeat(99))).is_some());
        assert_eq!(too_deep(&format!("\"a\\\"{}", "[".repeat(99))), None);
    }
}
