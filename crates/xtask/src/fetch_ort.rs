//! Fetches ONNX Runtime, which runs policies faster than the built-in engine, out of its Python wheel.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use crate::wheel::{Pin, Wheel};

/// The oldest version that ulna can use is 1.24. The file's name is what ulna looks for in its own folder and in its data folder.
const WHEEL: Wheel = Wheel {
    package: "onnxruntime",
    version: "1.24.4",
    member: "onnxruntime/capi/libonnxruntime.so.1.24.4",
    file: "libonnxruntime.so",
    megabytes: 17,
    pins: [
        Pin {
            arch: "x86_64",
            sha256: "2d518e11c7767f9fdc4413bdbeb45acf30db504ff76a82fc19d9238a3f9f6c24",
        },
        Pin {
            arch: "aarch64",
            sha256: "f373ae5fd4d878ed17ebea26e5480bd3d0a15e3bd6bc94b878e6c1b73998d22a",
        },
    ],
    otherwise: "install ONNX Runtime 1.24 or newer and name its library in ORT_DYLIB_PATH",
};

/// Fetches it and prints where it lies.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<ExitCode> {
    let path = WHEEL.fetch("", args)?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(ExitCode::SUCCESS)
}
