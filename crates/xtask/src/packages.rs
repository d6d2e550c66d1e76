//! The crates that other people can take: each packages as it is, with no file from elsewhere and a README whose example is compiled; reading
//! a dataset takes no C compiler and few crates; and two programs outside the workspace do with them what they are for.
//!
//! Reading order: [`sources`] (what a package holds), [`programs`] (the two).

mod programs;
mod sources;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::command::answer;

/// What other people should be able to take. The crates that these depend on follow from the manifests.
const WANTED: [&str; 6] = [
    "ulna-bus",
    "ulna-core",
    "ulna-dataset",
    "ulna-drivers",
    "ulna-policy",
    "ulna-rt",
];

/// Part of what `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: std::path::PathBuf,
    /// An empty list is `publish = false`.
    publish: Option<Vec<String>>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `dev` or `build`; none for the others.
    kind: Option<String>,
    path: Option<std::path::PathBuf>,
}

impl Package {
    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    fn is_published(&self) -> bool {
        self.publish.is_none()
    }
}

/// Runs the chore.
///
/// # Errors
/// If something does not package, weighs too much, or cargo cannot be run.
pub(crate) fn run(root: &Path, words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let words: Vec<String> = words.collect();
    let verify = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => true,
        ["--no-verify"] => false,
        _ => bail!("packages takes nothing, or --no-verify (the packages are not compiled)"),
    };
    let published = published(root)?;
    let faults = faults(root, &published)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    ensure!(faults.is_empty(), "{} faults in packages", faults.len());
    let names = published
        .iter()
        .flat_map(|package| ["--package", &package.name]);
    let mut command = cargo(root);
    command
        .args(["package", "--allow-dirty", "--quiet"])
        .args(names);
    if !verify {
        command.arg("--no-verify");
    }
    answer(&mut command).context("the packages")?;
    eprintln!(
        "packages: {}",
        published
            .iter()
            .map(|package| package.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    );
    programs::run(root)?;
    Ok(ExitCode::SUCCESS)
}

/// The crates of the workspace that are for others.
fn published(root: &Path) -> Result<Vec<Package>> {
    let text = answer(cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("what cargo metadata says")?;
    let mut packages = metadata.packages;
    packages.retain(Package::is_published);
    Ok(packages)
}

/// What is wrong with them, one sentence each.
fn faults(root: &Path, published: &[Package]) -> Result<Vec<String>> {
    let mut faults = unpublished(published);
    for package in published {
        let mut list = cargo(root);
        list.args(["package", "--list", "--allow-dirty", "--package"]);
        let files = answer(list.arg(&package.name))?;
        faults.extend(sources::faults(&package.name, package.folder(), &files)?);
    }
    Ok(faults)
}

/// One sentence for each crate that should be published and is not.
fn unpublished(published: &[Package]) -> Vec<String> {
    let is_published = |name: &str| published.iter().any(|package| package.name == name);
    let wanted = WANTED.iter().filter(|name| !is_published(name));
    let mut faults: Vec<String> = wanted
        .map(|name| {
            format!("{name} says `publish = false`; other people should be able to take it")
        })
        .collect();
    for package in published {
        let needed = package.dependencies.iter().filter(|dependency| {
            dependency.path.is_some() && dependency.kind.as_deref() != Some("dev")
        });
        faults.extend(
            needed
                .filter(|dependency| !is_published(&dependency.name))
                .map(|dependency| {
                    let (name, needs) = (&package.name, &dependency.name);
                    format!("{name} depends on {needs}, which says `publish = false`")
                }),
        );
    }
    faults
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_this_workspace_is_whole() {
        let root = crate::root();
        let published = published(&root).unwrap();
        assert!(published.len() >= WANTED.len());
        assert_eq!(faults(&root, &published).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_a_package_needs_is_published_too() {
        let package = |name: &str, needs: &str, kind: Option<&str>| Package {
            name: name.to_owned(),
            manifest_path: "Cargo.toml".into(),
            publish: None,
            dependencies: vec![Dependency {
                name: needs.to_owned(),
                kind: kind.map(str::to_owned),
                path: Some(needs.into()),
            }],
        };
        let mut all: Vec<Package> = WANTED.map(|name| package(name, "ulna-core", None)).into();
        assert_eq!(unpublished(&all), Vec::<String>::new());
        all.push(package("more", "ulna-sim", Some("dev")));
        assert_eq!(unpublished(&all), Vec::<String>::new());
        all.push(package("more", "ulna-sim", None));
        assert_eq!(unpublished(&all).len(), 1);
        assert_eq!(unpublished(&all[1..]).len(), 2);
    }
}
