//! Text to [`SyntaxFile`]: words, places, comments. Total: bad text becomes error items, never a stop.
//!
//! The tree is generic on purpose. A declaration and a statement are one thing, a word with arguments and
//! perhaps a block; what the word means is the next phase's business. So a new statement, tier or store option
//! needs no new grammar.

mod depth;
mod dump;
mod format;
mod parse;
mod tree;

pub use depth::MAX_DEPTH;
pub use dump::dump;
pub use format::{FormatError, format};
pub use parse::parse;
pub use tree::{Arg, Block, Comment, Field, Item, Literal, Statement, SyntaxFile, TypeExpr, TypeKind};
