//! Loading an ONNX Runtime library: all of this crate's unsafe code.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr};

use libloading::Library;
use ort_sys::{OrtApi, OrtApiBase};

/// The interface of the library `file` (a path, or a bare name that the system's loader looks for) and its version.
pub(super) fn load(file: &OsStr) -> Result<(OrtApi, String), String> {
    // SAFETY: loading runs the library's initialisers. That is the point of naming a library, and no safer way exists; a file
    // that is no library is refused by the loader.
    let library = unsafe { Library::new(file) }.map_err(|error| reason(&error))?;
    // The interface is a table of pointers into the library, so it stays loaded until the process ends. A library that is
    // turned down stays too: its threads and handlers at exit may already exist.
    let library: &'static Library = Box::leak(Box::new(library));
    // SAFETY: every ONNX Runtime exports this function with this type (onnxruntime_c_api.h).
    let entry =
        unsafe { library.get::<unsafe extern "C" fn() -> *const OrtApiBase>(b"OrtGetApiBase\0") };
    let entry =
        entry.map_err(|_| "it is not an ONNX Runtime (it lacks OrtGetApiBase)".to_owned())?;
    // SAFETY: the function takes nothing and returns a pointer to a static table, or null.
    let base = unsafe { entry().as_ref() }.ok_or("it gives no interface")?;
    // SAFETY: the version is a static, null-terminated string.
    let version = unsafe { CStr::from_ptr((base.GetVersionString)()) };
    let version = version.to_string_lossy().into_owned();
    if too_old(&version) {
        return Err(too_old_in_words(&version));
    }
    // SAFETY: the table is static if the library knows this version of it, else null. Its layout only ever grows at the end.
    let api = unsafe { (base.GetApi)(ort_sys::ORT_API_VERSION).as_ref() };
    let api = api.ok_or_else(|| too_old_in_words(&version))?;
    Ok((api.clone(), version))
}

fn too_old(version: &str) -> bool {
    let mut numbers = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) < (1, ort_sys::ORT_API_VERSION)
}

fn too_old_in_words(version: &str) -> String {
    format!(
        "its version is {version}, and 1.{} or newer is needed",
        ort_sys::ORT_API_VERSION
    )
}

fn reason(error: &libloading::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text = source.to_string();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, old) in [
            ("1.24.4", false),
            ("1.23.2", true),
            ("1.9.0", true),
            ("2.0.0", false),
            ("1.32.0", false),
            ("nonsense", true),
        ] {
            assert_eq!(too_old(version), old, "{version}");
        }
    }
}
