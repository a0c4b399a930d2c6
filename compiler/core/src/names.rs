//! Names of things at AWS: their limits, their styles, and how a long one is shortened.

use sha2::{Digest as _, Sha256};

/// The first 8 hexadecimal digits of the SHA-256: enough for the names of one project, where 32 bits keep the
/// chance of a meeting among 10,000 names near one in a hundred, and linking reports one that happens.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut text = sha256(bytes);
    text.truncate(8);
    text
}

/// The SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits = digits.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Cuts a name to at most `most` characters, ending a cut one with a hash of the whole.
#[must_use]
pub fn short(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let keep: String = name.chars().take(most.saturating_sub(9)).collect();
    format!("{}-{}", keep.trim_end_matches(['-', '_']), digest(name.as_bytes()))
}

/// `BuildingExited` or `building_exited` as `building-exited`, for bucket names.
#[must_use]
pub fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower {
            out.push('-');
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    }
    out
}

/// `building_exited` as `BuildingExited`, for logical ids; everything but letters and digits goes.
#[must_use]
pub fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .flat_map(|part| {
            let mut chars = part.chars();
            chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars)
        })
        .collect()
}

/// `BuildingExited` as `building_exited`
#[must_use]
pub fn snake(name: &str) -> String {
    kebab(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::{kebab, pascal, short, snake};

    #[test]
    fn styles() {
        assert_eq!(kebab("BuildingExited"), "building-exited");
        assert_eq!(kebab("access_cards"), "access-cards");
        assert_eq!(snake("BuildingExited"), "building_exited");
        assert_eq!(pascal("update_card_state"), "UpdateCardState");
    }

    #[test]
    fn long_names_end_in_a_hash_and_differ() {
        let (a, b) = (format!("{}a", "x".repeat(90)), format!("{}b", "x".repeat(90)));
        assert_eq!(short(&a, 64).len(), 64);
        assert_ne!(short(&a, 64), short(&b, 64));
        assert_eq!(short("plain", 64), "plain");
    }
}
