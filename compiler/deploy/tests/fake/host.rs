//! A host that writes everything down.

use std::cell::{Cell, RefCell};

use pipec_deploy::host::{Host, News, Question};

/// Writes news down, and answers yes or no.
pub struct Notes {
    pub lines: RefCell<Vec<String>>,
    pub questions: RefCell<Vec<String>>,
    pub answer: Cell<bool>,
}

impl Default for Notes {
    fn default() -> Self {
        Notes { lines: RefCell::default(), questions: RefCell::default(), answer: Cell::new(true) }
    }
}

impl Notes {
    /// Whether a line has that text.
    pub fn has(&self, text: &str) -> bool {
        self.lines.borrow().iter().any(|line| line.contains(text))
    }
}

impl Host for Notes {
    fn tell(&self, news: &News<'_>) {
        self.lines.borrow_mut().push(serde_json::to_string(news).unwrap_or_default());
    }

    fn ask(&self, question: &Question<'_>) -> bool {
        self.questions.borrow_mut().push(format!("{question:?}"));
        self.answer.get()
    }
}
