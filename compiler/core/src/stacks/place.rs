//! Where a resource goes. Its own declaration alone decides, so adding an event never moves another's resources:
//! a move is a delete and a create.

use std::fmt;

use crate::library::StackKind;
use crate::names::pascal;

/// A nested stack's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackName {
    /// The domain of its root; `None`, the app's own, sorts first.
    pub domain: Option<String>,
    /// The kind of stack.
    pub layer: Layer,
    /// The api's or event's name, where there is one stack for each.
    pub of: String,
}

/// The layers in which stacks stand. A stack takes values only from layers before its own.
pub type Layer = StackKind;

impl StackName {
    /// The stack's logical id in its root.
    #[must_use]
    pub fn logical_id(&self) -> String {
        format!("{}{}", pascal(self.layer.word()), pascal(&self.of))
    }

    /// Whether a stack may take values of `other` by parameters: siblings of earlier layers, and the app's own
    /// root, which is deployed before every domain.
    #[must_use]
    pub fn may_take_from(&self, other: &StackName) -> bool {
        if self.domain == other.domain { other.layer < self.layer } else { other.domain.is_none() }
    }
}

/// `foundation`, `api-public`, `event-BuildingExited`: the template's file name.
impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.layer.word())?;
        if self.of.is_empty() { Ok(()) } else { write!(f, "-{}", self.of) }
    }
}

/// What an instance belongs to.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The domain folder.
    pub domain: Option<String>,
    /// The event.
    pub event: Option<String>,
    /// The api.
    pub api: Option<String>,
}

impl Home {
    /// The event or api that it belongs to, or `app`: what an `override` names.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.event.as_deref().or(self.api.as_deref()).unwrap_or("app")
    }

    /// The stack of that kind for what lives here.
    #[must_use]
    pub fn stack(&self, layer: Layer) -> StackName {
        let of = match layer {
            StackKind::Foundation | StackKind::Stores | StackKind::Observability => None,
            StackKind::Api | StackKind::Release => self.api.clone(),
            StackKind::Event => self.event.clone(),
        };
        StackName { domain: self.domain.clone(), layer, of: of.unwrap_or_default() }
    }
}
