//! Logic with a third value: what nobody knows before the deployment.

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// It does not.
    No,
    /// It cannot be told from the templates.
    Maybe,
    /// It does.
    Yes,
}

impl Tri {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Tri) -> Tri {
        self.min(other)
    }

    /// At least one holds.
    #[must_use]
    pub fn or(self, other: Tri) -> Tri {
        self.max(other)
    }

    /// At least one of many holds; stops at the first that does.
    pub fn any(all: impl IntoIterator<Item = Tri>) -> Tri {
        let mut found = Tri::No;
        for one in all {
            found = found.or(one);
            if found == Tri::Yes {
                break;
            }
        }
        found
    }
}

impl std::ops::Not for Tri {
    type Output = Tri;

    fn not(self) -> Tri {
        match self {
            Tri::No => Tri::Yes,
            Tri::Maybe => Tri::Maybe,
            Tri::Yes => Tri::No,
        }
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Tri {
        if value { Tri::Yes } else { Tri::No }
    }
}
