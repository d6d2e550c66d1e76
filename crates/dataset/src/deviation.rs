//! What a dataset does differently from the format, and was read all the same.

/// One such thing, found while opening. A check turns it into a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deviation {
    /// The kind of finding.
    pub(crate) code: &'static str,
    /// Whether Python LeRobot fails on it, or reads something wrong.
    pub(crate) fatal: bool,
    /// What is unusual, in a sentence.
    pub(crate) message: String,
}

impl Deviation {
    /// LeRobot fails on it, or reads something wrong.
    pub(crate) fn fatal(code: &'static str, message: impl Into<String>) -> Deviation {
        Deviation {
            code,
            fatal: true,
            message: message.into(),
        }
    }

    /// LeRobot reads it rightly.
    pub(crate) fn harmless(code: &'static str, message: impl Into<String>) -> Deviation {
        Deviation {
            fatal: false,
            ..Deviation::fatal(code, message)
        }
    }
}
