//! Colours and counted words.

use pipec_deploy::status::is_good;

/// Whether output is coloured.
#[derive(Clone, Copy)]
pub struct Style {
    /// It is.
    pub colour: bool,
}

impl Style {
    /// What is well, or new.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What changes.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// What goes, or failed.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// What is lost.
    pub fn loud(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    /// What stands beside.
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A stack's status.
    pub fn status(self, status: &str) -> String {
        if is_good(status) { self.green(status) } else { self.red(status) }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// `1 file`, `2 files`
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
