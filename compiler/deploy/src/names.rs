//! Names of declarations and of resource types.

/// The resource type of nested stacks.
pub const NESTED: &str = "AWS::CloudFormation::Stack";

/// What has a declaration of its own beside events: their paths begin with these words.
const DECLARED: &[&str] = &["api.", "auth.", "store."];

/// `AWS::Kinesis::Stream` → `Kinesis::Stream`
#[must_use]
pub fn short_kind(kind: &str) -> &str {
    kind.strip_prefix("AWS::").unwrap_or(kind)
}

/// Whether a declaration is another or part of it: `CardIssued` covers `CardIssued.store`, `api.public` covers
/// `api.public /cards`.
#[must_use]
pub fn covers(outer: &str, declared: &str) -> bool {
    declared.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ']))
}

/// `CardIssued.store` → `CardIssued`, `api.public /cards` → `api.public`: what has a declaration of its own.
#[must_use]
pub fn owner(declared: &str) -> &str {
    let named = DECLARED.iter().find(|word| declared.starts_with(*word));
    let (skip, ends) = named.map_or((0, ['.', '.']), |word| (word.len(), ['.', ' ']));
    let end = declared.get(skip..).and_then(|rest| rest.find(ends)).map_or(declared.len(), |at| skip + at);
    declared.get(..end).unwrap_or(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_has_an_owner() {
        for (declared, expected) in [
            ("CardIssued.subscriber.count", "CardIssued"),
            ("CardIssued", "CardIssued"),
            ("api.public /cards/{id}", "api.public"),
            ("auth.clerk", "auth.clerk"),
            ("app.encryption", "app"),
        ] {
            assert_eq!(owner(declared), expected);
            assert!(covers(expected, declared));
        }
        assert!(!covers("Card", "CardIssued"));
    }
}
