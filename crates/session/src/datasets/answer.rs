//! What a command about datasets answers.

use serde_json::Value;
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
