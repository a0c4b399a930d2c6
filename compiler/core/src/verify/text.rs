//! Texts with parts that only the deployment knows.
//!
//! Such a part travels in the text as a **mark**, between two characters of Unicode's private use area, so that equal
//! texts are equal values: `arn:⟨pPartition⟩:sqs:⟨pRegion⟩:⟨pAccountId⟩:orders`. There are three kinds of marks:
//!
//! - `p`, a pseudo parameter: one value in one deployment;
//! - `r`, what AWS makes up for a resource, such as a generated name: equal to nothing but itself;
//! - `f`, free: a parameter without a default, an import. It may turn out to be anything.

use std::sync::Arc;

use super::tri::Tri;
use super::world::At;

/// Begins a mark.
pub const OPEN: char = '\u{F8F0}';
/// Ends a mark.
pub const CLOSE: char = '\u{F8F1}';

/// The mark of the partition: every literal partition in an ARN is read as it.
pub const PARTITION: &str = "\u{F8F0}pPartition\u{F8F1}";
/// The mark of the region.
pub const REGION: &str = "\u{F8F0}pRegion\u{F8F1}";
/// The mark of the account.
pub const ACCOUNT: &str = "\u{F8F0}pAccountId\u{F8F1}";

/// The characters of a text: of a template, or made and shared.
#[derive(Clone, Debug)]
pub enum Chars<'a> {
    /// As they stand in a template or a rule.
    Borrowed(&'a str),
    /// Made of several.
    Shared(Arc<str>),
}

impl std::ops::Deref for Chars<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Chars::Borrowed(text) => text,
            Chars::Shared(text) => text,
        }
    }
}

impl std::fmt::Display for Chars<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

impl Eq for Chars<'_> {}

impl std::hash::Hash for Chars<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::borrow::Borrow<str> for Chars<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Chars<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<str> for Chars<'_> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Chars<'_> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl<'a> From<&'a str> for Chars<'a> {
    fn from(text: &'a str) -> Self {
        Chars::Borrowed(text)
    }
}

impl From<String> for Chars<'_> {
    fn from(text: String) -> Self {
        Chars::Shared(text.into())
    }
}

impl From<Arc<str>> for Chars<'_> {
    fn from(text: Arc<str>) -> Self {
        Chars::Shared(text)
    }
}

/// A text, perhaps with marks, and the resource that it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct Text<'a> {
    /// The text.
    pub text: Chars<'a>,
    /// The resource whose `Ref` or attribute it is, if it is one's.
    pub of: Option<At>,
}

impl<'a> Text<'a> {
    /// A text as it stands in a template.
    pub fn new(text: impl Into<Chars<'a>>) -> Self {
        Text { text: normal(text.into()), of: None }
    }

    /// Whether a part of it may turn out to be anything.
    #[must_use]
    pub fn is_free(&self) -> bool {
        is_free(&self.text)
    }
}

/// Whether a part of a text may turn out to be anything.
#[must_use]
pub fn is_free(text: &str) -> bool {
    is_marked(text) && text.split(OPEN).skip(1).any(|mark| mark.starts_with('f'))
}

/// Whether a text has marks at all.
#[must_use]
pub fn is_marked(text: &str) -> bool {
    // Most texts are plain, and to know that is much cheaper.
    !text.is_ascii() && text.contains(OPEN)
}

/// What nearly every template writes out, and the others mean: one text for both, so that they can be compared.
pub const URL_SUFFIX: &str = "amazonaws.com";

/// The mark of a pseudo parameter such as `AWS::Region`.
#[must_use]
pub fn pseudo<'a>(name: &str) -> Chars<'a> {
    match name.trim_start_matches("AWS::") {
        "Partition" => PARTITION.into(),
        "Region" => REGION.into(),
        "AccountId" => ACCOUNT.into(),
        other => format!("{OPEN}p{other}{CLOSE}").into(),
    }
}

/// The mark of what only the deployment knows.
#[must_use]
pub fn free(name: &str) -> String {
    format!("{OPEN}f{name}{CLOSE}")
}

/// The mark of what AWS makes up for a resource.
#[must_use]
pub fn generated(at: At, what: &str) -> String {
    format!("{OPEN}r{}.{what}{CLOSE}", at.0)
}

/// `arn:aws:…` says the same as `arn:${AWS::Partition}:…` in every deployment that works.
fn normal(text: Chars<'_>) -> Chars<'_> {
    let Some(rest) = text.strip_prefix("arn:aws") else { return text };
    match rest.split_once(':') {
        Some(("" | "-cn" | "-us-gov", rest)) => format!("arn:{PARTITION}:{rest}").into(),
        _ => text,
    }
}

/// A text as people read it: marks become `${Name}`.
#[must_use]
pub fn readable(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split(OPEN).enumerate() {
        let Some((mark, rest)) = part.split_once(CLOSE).filter(|_| index > 0) else {
            out.push_str(part);
            continue;
        };
        let name = mark.get(1..).unwrap_or_default();
        let name = name.split_once('.').map_or(name, |(_, name)| name);
        out.push_str("${");
        out.push_str(if mark.starts_with('p') { "AWS::" } else { "" });
        out.push_str(name);
        out.push('}');
        out.push_str(rest);
    }
    out
}

/// The first part of a text: a character, or a whole mark.
fn first(text: &str) -> Option<&str> {
    let end = match text.chars().next()? {
        OPEN => text.find(CLOSE).map_or(text.len(), |at| at + CLOSE.len_utf8()),
        first => first.len_utf8(),
    };
    text.get(..end)
}

/// The last part of a text.
fn last(text: &str) -> Option<&str> {
    let start = match text.chars().next_back()? {
        CLOSE => text.rfind(OPEN).unwrap_or(0),
        last => text.len() - last.len_utf8(),
    };
    text.get(start..)
}

/// The text in parts.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(token) = first(rest) {
        tokens.push(token);
        rest = rest.get(token.len()..).unwrap_or_default();
    }
    tokens
}

/// Splits at a separator, but not inside marks.
#[must_use]
pub fn split<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    let from = |at: usize| text.get(at..).unwrap_or_default();
    while let Some(next) = from(at).find(separator).filter(|_| !separator.is_empty()) {
        let end = at + next;
        let mark = text.get(at..end).and_then(|before| before.rfind(OPEN)).map(|mark| at + mark);
        let behind = mark.map(|mark| mark + first(from(mark)).map_or(0, str::len));
        match behind.filter(|behind| *behind > end) {
            // The separator stands in a mark, and the text goes on behind it.
            Some(behind) => at = behind,
            None => {
                parts.extend(text.get(begin..end));
                begin = end + separator.len();
                at = begin;
            }
        }
    }
    parts.push(from(begin));
    parts
}

/// Whether two texts are equal.
#[must_use]
pub fn equal(one: &str, other: &str) -> Tri {
    if one == other {
        return Tri::Yes;
    }
    if !is_marked(one) && !is_marked(other) {
        return Tri::No;
    }
    meet(one, other, false)
}

/// Whether a text is one that a pattern with `*` and `?` stands for, as IAM reads them:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> Tri {
    if pattern == "*" || pattern == text {
        return Tri::Yes;
    }
    let wild = pattern.contains(['*', '?']);
    if !wild && !is_marked(pattern) && !is_marked(text) {
        return Tri::No;
    }
    match pattern.strip_suffix('*') {
        Some(start) if !start.contains(['*', '?']) && text.starts_with(start) => Tri::Yes,
        _ => meet(pattern, text, wild),
    }
}

/// Tried twice: with every mark equal to itself only, which proves; then with marks that stand for anything, which
/// cannot prove, but if even that fails the two can never meet.
fn meet(pattern: &str, text: &str, wild: bool) -> Tri {
    let (pattern, text) = apart(pattern, text, wild);
    // They begin or end with parts that differ, and that nothing can stand for: so do most that are no pair.
    let differ = |ends: Option<(&str, &str)>| {
        ends.is_some_and(|(one, other)| !is_elastic(one) && !is_elastic(other) && !is_wild(one, wild))
    };
    if differ(first(pattern).zip(first(text))) || differ(last(pattern).zip(last(text))) {
        return Tri::No;
    }
    let (pattern, text) = (tokens(pattern), tokens(text));
    let open = pattern.iter().chain(&text).any(|token| is_elastic(token));
    let wild = pattern.iter().any(|token| is_wild(token, wild));
    if !open && !wild {
        return Tri::from(pattern == text);
    }
    if fits(&pattern, &text, wild, false) {
        Tri::Yes
    } else if open && fits(&pattern, &text, wild, true) {
        Tri::Maybe
    } else {
        Tri::No
    }
}

/// Both without the parts that they begin and end with alike: most ARNs differ in their names only.
fn apart<'t, 's>(mut pattern: &'t str, mut text: &'s str, wild: bool) -> (&'t str, &'s str) {
    let alike = |(one, other): (&str, &str)| (one == other && !is_wild(one, wild)).then_some(one.len());
    while let Some(part) = first(pattern).zip(first(text)).and_then(alike) {
        pattern = pattern.get(part..).unwrap_or_default();
        text = text.get(part..).unwrap_or_default();
    }
    while let Some(part) = last(pattern).zip(last(text)).and_then(alike) {
        pattern = pattern.get(..pattern.len() - part).unwrap_or_default();
        text = text.get(..text.len() - part).unwrap_or_default();
    }
    (pattern, text)
}

/// Texts whose product is larger than this are not compared part by part.
const MOST_CELLS: usize = 1_000_000;

/// Whether the pattern can be the text. In the pattern `*` and `?` stand for others if `wild`, and in both elastic
/// marks do if `open`.
fn fits(pattern: &[&str], text: &[&str], wild: bool, open: bool) -> bool {
    let width = text.len() + 1;
    if (pattern.len() + 1).saturating_mul(width) > MOST_CELLS {
        return open;
    }
    // Whether the pattern from its `i`th token on can be the text from its `j`th on, for one `i` at a time, from behind.
    let mut below = vec![false; width];
    for i in (0..=pattern.len()).rev() {
        let mut row = vec![false; width];
        for j in (0..width).rev() {
            let at = |row: &[bool], j: usize| row.get(j).copied().unwrap_or_default();
            let (one, other) = (pattern.get(i), text.get(j));
            let end = one.is_none() && other.is_none();
            let star = wild && one.is_some_and(|one| *one == "*");
            let both = match (one, other) {
                (Some(one), Some(other)) => {
                    let any = wild && *one == "?" && !other.starts_with(OPEN);
                    (one == other || any) && at(&below, j + 1)
                }
                _ => false,
            };
            let skips_one = one.is_some_and(|one| star || (open && is_elastic(one))) && at(&below, j);
            let takes_other = other.is_some_and(|other| star || (open && stands_for(one, other)));
            let skips_other = open && other.is_some_and(|other| is_elastic(other));
            let next = (takes_other || skips_other) && at(&row, j + 1);
            let taken = open && one.is_some_and(|one| stands_for(other, one)) && at(&below, j);
            if let Some(cell) = row.get_mut(j) {
                *cell = end || both || skips_one || next || taken;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or_default()
}

/// `*` or `?`, where they stand for others.
fn is_wild(token: &str, wild: bool) -> bool {
    wild && matches!(token, "*" | "?")
}

/// A mark that may turn out to be any text.
fn is_elastic(token: &str) -> bool {
    token.strip_prefix(OPEN).is_some_and(|mark| mark.starts_with(['f', 'p']))
}

/// Whether a mark can turn out to be a text with that token in it: no region, account or partition has `:` or `/`.
fn stands_for(mark: Option<&&str>, token: &str) -> bool {
    let Some(mark) = mark.and_then(|mark| mark.strip_prefix(OPEN)) else { return false };
    match mark.chars().next() {
        Some('f') => true,
        Some('p') => !matches!(token, ":" | "/") && !token.starts_with(OPEN),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, equal, free, generated, matches, pseudo, readable, split};
    use crate::verify::tri::Tri;
    use crate::verify::world::At;

    #[test]
    fn patterns() {
        assert_eq!(matches("sqs:Send*", "sqs:SendMessage"), Tri::Yes);
        assert_eq!(matches("sqs:Send?essage", "sqs:SendMessage"), Tri::Yes);
        assert_eq!(matches("sqs:Send", "sqs:SendMessage"), Tri::No);
        assert_eq!(matches("*", ""), Tri::Yes);
        let region = pseudo("AWS::Region");
        let arn = format!("arn:x:sqs:{region}:1:orders");
        assert_eq!(matches("arn:x:sqs:*:1:orders", &arn), Tri::Yes);
        assert_eq!(matches("arn:x:sqs:eu-west-1:1:orders", &arn), Tri::Maybe);
        assert_eq!(matches("arn:x:sqs:eu-west-1:1:parcels", &arn), Tri::No);
        assert_eq!(matches("arn:x:sns:*:1:orders", &arn), Tri::No);
    }

    #[test]
    fn generated_names_are_equal_to_themselves_only() {
        let one = generated(At(1), "name");
        assert_eq!(matches(&format!("{one}/*"), &format!("{one}/a/b")), Tri::Yes);
        assert_eq!(equal(&one, &generated(At(2), "name")), Tri::No);
        assert_eq!(equal(&one, "orders"), Tri::No);
    }

    #[test]
    fn what_begins_or_ends_alike_is_told_apart() {
        let (one, other) = (generated(At(1), "name"), generated(At(11), "name"));
        assert_eq!(equal(&format!("{one}-a"), &format!("{other}-a")), Tri::No);
        let region = pseudo("AWS::Region");
        assert_eq!(equal(&format!("{region}-é"), &format!("{region}-è")), Tri::No);
        assert_eq!(equal(&format!("é-{region}"), &format!("Ã-{region}")), Tri::No);
        assert_eq!(equal(&format!("a{region}a"), &format!("a{region}a")), Tri::Yes);
        assert_eq!(equal(&format!("a{region}a"), "aa"), Tri::Maybe);
        assert_eq!(matches("*a", &format!("{region}:a")), Tri::Yes);
        assert_eq!(matches("a?", &format!("a{region}")), Tri::Maybe);
        assert_eq!(matches("orders-*-x", &format!("orders-{one}-y")), Tri::No);
    }

    #[test]
    fn what_is_free_may_be_anything() {
        let name = free("0.Name");
        assert_eq!(equal(&name, "orders"), Tri::Maybe);
        assert_eq!(equal(&name, &name), Tri::Yes);
        assert_eq!(equal(&format!("arn:{name}"), "urn:x"), Tri::No);
        assert_eq!(matches("arn:*", &name), Tri::Maybe);
    }

    #[test]
    fn partitions_are_alike() {
        let sub = format!("arn:{}:s3:::b", pseudo("AWS::Partition"));
        assert_eq!(Text::new("arn:aws:s3:::b").text, Text::new(sub).text);
        assert_eq!(readable(&Text::new("arn:aws:s3:::b").text), "arn:${AWS::Partition}:s3:::b");
    }

    #[test]
    fn marks_are_not_split() {
        let text = format!("a.{}.b", free("0.X"));
        assert_eq!(split(&text, ".").len(), 3);
    }
}
