//! The schema metadata that the Hugging Face dataset viewer reads; LeRobot itself works from `info.json`.

use serde_json::{Map, Value, json};

use crate::features::{Dtype, Feature};
use crate::info::Info;

/// The value of the schema key `huggingface`: the type of every column of the data files.
pub(crate) fn huggingface(info: &Info) -> String {
    let features: Map<String, Value> = info
        .features
        .iter()
        .filter(|feature| feature.dtype != Dtype::Video)
        .map(|feature| (feature.key.clone(), feature_type(feature)))
        .collect();
    json!({"info": {"features": features}}).to_string()
}

fn feature_type(feature: &Feature) -> Value {
    if feature.dtype == Dtype::Image {
        return json!({"_type": "Image"});
    }
    let dtype = feature.dtype.name();
    if feature.dtype == Dtype::Image {
        return json!({"_type": "Image"});
    }
    let value = json!({"dtype": dtype, "_type": "Value"});
    match feature.shape.as_slice() {
        [1] => value,
        [length] => json!({"feature": value, "length": length, "_type": "List"}),
        shape => json!({
            "shape": shape,
            "dtype": dtype,
            "_type": format!("Array{}D", shape.len()),
        }),
    }
}
