//! What a command about datasets answers.

use std::path::Path;

use serde_json::{Value, json};
use ulna_outside::Text;

/// What a command says: for programs, and for people.
#[derive(Debug, Clone)]
pub struct DatasetAnswer {
    /// The command's JSON.
    pub json: Value,
    /// The same in lines.
    pub text: Text,
    /// False if the command found what makes it fail.
    pub good: bool,
}

impl DatasetAnswer {
    /// With where the dataset was copied to before.
    #[must_use]
    pub fn with_backup(mut self, copy: &Path) -> Self {
        if let Some(answer) = self.json.as_object_mut() {
            answer.insert("backup".to_owned(), json!(copy));
        }
        self.text
            .push(format_args!("as it was: {}", copy.display()));
        self
    }
}
