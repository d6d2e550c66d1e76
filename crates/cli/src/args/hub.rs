//! `ulna hub`.

#![cfg_attr(not(feature = "hub"), allow(dead_code))] // then it is only parsed

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum HubAction {
    /// Publish a dataset or a policy
    #[command(after_help = "\
Examples:
  ulna hub push DIR me/so101-pick                         a dataset (meta/info.json) or a policy's bundle (policy.toml)
  ulna hub push DIR me/so101-pick --dry-run               what would go
  ulna hub push DIR me/so101-pick --private --message \"ten more episodes\"
  ulna hub push CHECKPOINT me/act-pick --kind policy      any folder, such as a checkpoint of LeRobot's
  ulna hub push DIR me/so101-pick --endpoint http://localhost:8080

It becomes visible at once, in one commit; what the server has already is not sent again, so after an interruption, start it again. Files
of a dataset that are gone here (after `ulna dataset compact`, say) go there, too, and the tag that LeRobot looks for (v3.0) moves
to the new commit, unless --branch keeps it apart. Hidden and temporary files stay here, and a dataset with an unfinished recording or
errors is refused.

Sign in with `hf auth login`, or set HF_TOKEN. The token goes to that server alone, and in the clear only within this computer.")]
    Push(PushArgs),

    /// Fetch a dataset or a policy
    #[command(after_help = "\
Examples:
  ulna hub pull me/so101-pick                             into ./so101-pick
  ulna hub pull lerobot/pusht --output pusht --revision v3.0
  ulna hub pull me/so101-pick --exclude 'videos/*'        without the pictures
  ulna hub pull me/act-pick --kind policy                 if a dataset has the same name

Every file is compared with the repository's hash of it. What is here already is not fetched again, and an interrupted pull goes on with what
arrived. Files that you have otherwise, or that the repository lacks, are only replaced or removed with --overwrite.")]
    Pull(PullArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// Folder of the dataset or policy
    pub(crate) dir: PathBuf,

    /// The repository: USER/NAME, or ORGANISATION/NAME
    #[arg(value_name = "USER/NAME")]
    pub(crate) repo: String,

    /// What the folder is, if it cannot be seen
    #[arg(long, value_name = "dataset|policy")]
    pub(crate) kind: Option<KindArg>,

    /// Publish on this branch, which is made if need be
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) branch: String,

    /// What the commit is called
    #[arg(long, value_name = "TEXT", default_value = "Push with ulna")]
    pub(crate) message: String,

    /// Only you and those you invite may see it: a new repository is private, a public one is refused
    #[arg(long)]
    pub(crate) private: bool,

    /// Fail if the repository is not there, instead of making it
    #[arg(long)]
    pub(crate) no_create: bool,

    /// Only say what would be published
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// The repository: USER/NAME, or ORGANISATION/NAME
    #[arg(value_name = "USER/NAME")]
    pub(crate) repo: String,

    /// Where to, instead of ./NAME
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// What it is, if there is one of each by that name
    #[arg(long, value_name = "dataset|policy")]
    pub(crate) kind: Option<KindArg>,

    /// Branch, tag or commit
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) revision: String,

    /// Only files that fit; `*` also means slashes. Can be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,

    /// No files that fit. Can be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,

    /// Replace files that the repository has otherwise, and remove those of a dataset that it lacks
    #[arg(long)]
    pub(crate) overwrite: bool,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// A server with the Hub's API, instead of HF_ENDPOINT or the Hugging Face Hub
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
}

/// What is pushed or pulled.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// A dataset
    Dataset,
    /// A policy; a model to the Hub
    Policy,
}
