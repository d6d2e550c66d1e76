//! `ulna hub`.

use anyhow::Result;

use crate::args::HubAction;
use crate::outcome::Outcome;

#[cfg(feature = "hub")]
pub(crate) fn hub(action: &HubAction, json: bool) -> Result<Outcome> {
    match action {
        HubAction::Push(args) => with::push(args, json),
        HubAction::Pull(args) => with::pull(args, json),
    }
}

#[cfg(not(feature = "hub"))]
pub(crate) fn hub(_action: &HubAction, _json: bool) -> Result<Outcome> {
    anyhow::bail!(
        "this ulna was built without `ulna hub`: build it with `cargo build --release --features hub`, \
         or use Python's `hf upload` and `hf download`"
    )
}

#[cfg(feature = "hub")]
mod with {
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use anyhow::Result;
    use indicatif::{DecimalBytes, ProgressBar};
    use serde_json::json;
    use ulna_hub::{
        Endpoint, Filter, Folder, HubClient, HubError, POLICY_PATH, PullOptions, Pulled,
        PushOptions, Pushed, Repo, RepoKind, Step, Token, Watch,
    };
    use ulna_outside::{Text, files};
    use ulna_session::{Stop, datasets};

    use super::super::stop;
    use crate::args::{KindArg, PullArgs, PushArgs, ServerArgs};
    use crate::outcome::{Declined, Misuse, Outcome};
    use crate::{output, progress};

    pub(super) fn push(args: &PushArgs, json: bool) -> Result<Outcome> {
        let client = client(&args.server)?;
        let kind = args.kind.map(Into::into);
        // What is wrong with the name is reported before a large dataset is checked.
        let repo = |kind| Repo::new(kind, &args.repo).and_then(|repo| repo.at(&args.branch));
        repo(kind.unwrap_or(RepoKind::Dataset)).map_err(hub_error)?;
        let folder = Folder::open(&args.dir, kind).map_err(hub_error)?;
        let repo = repo(folder.kind()).map_err(hub_error)?;
        let options = PushOptions::default()
            .message(args.message.clone())
            .create(!args.no_create)
            .private(args.private)
            .dry_run(args.dry_run);
        let pushed = watched(|watch| ulna_hub::push(&client, &folder, &repo, &options, watch))?;
        if json {
            output::json(&json!({
                "repo": repo.id(),
                "kind": repo.kind().called(),
                "branch": repo.revision(),
                "url": pushed.url,
                "dry_run": args.dry_run,
                "created": pushed.created,
                "commit": pushed.commit,
                "tag": pushed.tag,
                "files": pushed.files,
                "bytes": pushed.bytes,
                "sent_files": pushed.sent_files,
                "sent_bytes": pushed.sent_bytes,
                "unchanged": pushed.unchanged,
                "deleted": pushed.deleted,
            }))?;
        } else if args.dry_run {
            output::text(&would(&repo, &pushed))?;
        } else {
            output::text(&did(&repo, &pushed))?;
        }
        Ok(Outcome::Done)
    }

    fn would(repo: &Repo, pushed: &Pushed) -> Text {
        let added = pushed.files.iter().map(|name| format!("  + {name}"));
        let deleted = pushed.deleted.iter().map(|name| format!("  - {name}"));
        let mut lines: Vec<String> = added.chain(deleted).collect();
        lines.push(format!(
            "{repo}: {} files ({}) would be published{}, {} removed, {} are there already",
            pushed.files.len(),
            DecimalBytes(pushed.bytes),
            if pushed.created {
                " in a new repository"
            } else {
                ""
            },
            pushed.deleted.len(),
            pushed.unchanged
        ));
        lines.into_iter().collect()
    }

    fn did(repo: &Repo, pushed: &Pushed) -> Text {
        let mut lines = Vec::new();
        if pushed.files.is_empty() && pushed.deleted.is_empty() {
            lines.push(format!("{repo} has all {} files already", pushed.unchanged));
        } else {
            lines.push(format!(
                "{repo}: {} files published ({}; {} large ones sent, {}), {} removed, {} unchanged",
                pushed.files.len(),
                DecimalBytes(pushed.bytes),
                pushed.sent_files,
                DecimalBytes(pushed.sent_bytes),
                pushed.deleted.len(),
                pushed.unchanged
            ));
        }
        if let Some(tag) = &pushed.tag {
            lines.push(format!("  tag {tag}, by which LeRobot finds it"));
        }
        lines.push(format!("  {}", pushed.url));
        lines.into_iter().collect()
    }

    pub(super) fn pull(args: &PullArgs, json: bool) -> Result<Outcome> {
        let client = client(&args.server)?;
        let filter = Filter::new(&args.include, &args.exclude).map_err(hub_error)?;
        let options = PullOptions::default()
            .filter(filter)
            .overwrite(args.overwrite);
        let repo = |kind| Repo::new(kind, &args.repo).and_then(|repo| repo.at(&args.revision));
        repo(RepoKind::Dataset).map_err(hub_error)?;
        let (repo, pulled) = watched(|watch| {
            let kind = match args.kind {
                Some(kind) => kind.into(),
                None => ulna_hub::kind_of(&client, &args.repo, watch)?,
            };
            let repo = repo(kind)?;
            let dir = args.output.clone();
            let dir = dir.unwrap_or_else(|| PathBuf::from(repo.name()));
            let pulled = ulna_hub::pull(&client, &repo, &dir, &options, watch)?;
            Ok((repo, pulled))
        })?;
        let whole = repo.kind() == RepoKind::Dataset && options.filter.takes_all();
        // Quickly: what the pictures show is for `ulna dataset check`.
        let settings = datasets::CheckSettings {
            pictures: datasets::Pictures::None,
            ..datasets::CheckSettings::default()
        };
        let check = || datasets::checked(&pulled.dir, settings, &Stop::new(), &mut |_| {});
        let checked = whole.then(check).transpose()?;
        if json {
            output::json(&json!({
                "repo": repo.id(),
                "kind": repo.kind().called(),
                "revision": repo.revision(),
                "commit": pulled.commit,
                "dir": pulled.dir,
                "files": pulled.files,
                "bytes": pulled.bytes,
                "unchanged": pulled.unchanged,
                "left_out": pulled.left_out,
                "deleted": pulled.deleted,
                "check": checked.as_ref().map(|it| &it.json),
            }))?;
        } else {
            let mut text = Text::line(got(&repo, &pulled));
            match &checked {
                Some(checked) => text.append(checked.text.clone()),
                None if pulled.dir.join(POLICY_PATH).is_file() => text.push(format_args!(
                    "  see whether it fits with `ulna policy check {}`",
                    files::shell(&pulled.dir)
                )),
                None => {}
            }
            output::text(&text)?;
        }
        Ok(match checked {
            Some(checked) if !checked.good => Outcome::ChecksFailed,
            _ => Outcome::Done,
        })
    }

    fn got(repo: &Repo, pulled: &Pulled) -> String {
        let Pulled {
            dir,
            commit,
            files,
            bytes,
            unchanged,
            left_out,
            deleted,
        } = pulled;
        let mut line = format!(
            "{repo} ({} at {}) is in {}: {files} files fetched ({}), {unchanged} were there",
            repo.revision(),
            commit.get(..8).unwrap_or(commit),
            shown(dir),
            DecimalBytes(*bytes)
        );
        if *left_out > 0 {
            line.push_str(&format!(", {left_out} left out"));
        }
        if !deleted.is_empty() {
            line.push_str(&format!(", {} removed", deleted.len()));
        }
        line
    }

    fn shown(dir: &Path) -> String {
        dir.display().to_string()
    }

    fn client(server: &ServerArgs) -> Result<HubClient> {
        let endpoint = match &server.endpoint {
            Some(address) => Endpoint::new(address),
            None => Endpoint::from_env(),
        };
        let token = Token::find().map_err(hub_error)?;
        Ok(HubClient::new(endpoint.map_err(hub_error)?, token))
    }

    impl From<KindArg> for RepoKind {
        fn from(kind: KindArg) -> Self {
            match kind {
                KindArg::Dataset => Self::Dataset,
                KindArg::Policy => Self::Model,
            }
        }
    }

    fn hub_error(error: HubError) -> anyhow::Error {
        let text = error.to_string();
        match () {
            () if error.is_interruption() => Declined(text).into(),
            () if error.is_misuse() => Misuse(text).into(),
            () => error.into(),
        }
    }

    /// Does it with a bar on stderr; Ctrl-C ends it.
    fn watched<T>(job: impl FnOnce(&Watcher) -> Result<T, HubError>) -> Result<T> {
        let watcher = Watcher {
            stop: stop()?,
            drawn: Mutex::new(None),
        };
        let done = job(&watcher);
        watcher.clear();
        done.map_err(hub_error)
    }

    struct Watcher {
        stop: Stop,
        /// The step that is shown, and its bar.
        drawn: Mutex<Option<(Step, ProgressBar)>>,
    }

    impl Watcher {
        fn drawn(&self) -> MutexGuard<'_, Option<(Step, ProgressBar)>> {
            self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn clear(&self) {
            if let Some((_, bar)) = self.drawn().take() {
                bar.finish_and_clear();
            }
        }
    }

    impl Watch for Watcher {
        fn progress(&self, step: Step, done: u64, total: u64) {
            if self
                .drawn()
                .as_ref()
                .is_none_or(|(drawn, _)| *drawn != step)
            {
                self.clear();
            }
            let mut drawn = self.drawn();
            let (_, bar) = drawn.get_or_insert_with(|| (step, bar(step)));
            bar.set_length(total);
            bar.set_position(done);
        }

        fn note(&self, text: &str) {
            match &*self.drawn() {
                Some((_, bar)) => bar.suspend(|| output::note(text)),
                None => output::note(text),
            }
        }

        fn cancelled(&self) -> bool {
            self.stop.requested().is_some()
        }
    }

    fn bar(step: Step) -> ProgressBar {
        let count = match step {
            Step::Publishing => "{pos}/{len} files",
            _ => "{decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
        };
        progress::bar(&format!("{{msg:<10}} {{wide_bar}} {count}"), Some(0))
            .with_message(step.name())
    }
}
