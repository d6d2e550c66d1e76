//! With the feature `mujoco`, has the program find MuJoCo's library where it was when it was built, or in its own folder.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MUJOCO_DYNAMIC_LINK_DIR");
    let asked = std::env::var_os("CARGO_FEATURE_MUJOCO").is_some();
    let unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    if !asked || !unix {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN");
    if let Ok(folder) = std::env::var("MUJOCO_DYNAMIC_LINK_DIR") {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{folder}");
    }
}
