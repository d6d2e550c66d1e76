//! The viewer's layout as data, and how it is sent. Rerun's own builder cannot set the properties of a view (where the eye is, how
//! far back a plot looks), so this writes the same messages that its Python package does.

use rerun::external::{re_log_types, re_sdk_types};
use rerun::{AsComponents, RecordingStream, RecordingStreamBuilder, SerializedComponentBatch};

use re_log_types::{BlueprintActivationCommand, LogMsg};
use re_sdk_types::blueprint::archetypes::{
    ContainerBlueprint, PanelBlueprint, TimePanelBlueprint, ViewBlueprint, ViewContents,
    ViewportBlueprint,
};
use re_sdk_types::blueprint::components::{
    ColumnShare, ContainerKind, IncludedContent, PanelState, PlayState, QueryExpression,
    RootContainer, RowShare, TimelineName, ViewClass,
};
use re_sdk_types::components::Name;
use re_sdk_types::datatypes::{Bool, Float32, UInt32};
use re_sdk_types::external::uuid::Uuid;

use crate::target::TIME;

type Sent<T> = rerun::RecordingStreamResult<T>;

/// A part of the window.
#[derive(Debug)]
pub(crate) enum Panel {
    /// Something to look at.
    View(View),
    /// Side by side, or one above the other, each with its share of the room.
    Row(Vec<(f32, Panel)>),
    Column(Vec<(f32, Panel)>),
    /// Rows of so many.
    Grid(u32, Vec<Panel>),
    /// One at a time.
    Tabs(Vec<Panel>),
}

/// Something to look at.
#[derive(Debug)]
pub(crate) struct View {
    class: &'static str,
    name: String,
    contents: Vec<String>,
    properties: Vec<(&'static str, Vec<SerializedComponentBatch>)>,
}

impl View {
    /// A view of a class that the viewer knows, onto everything at these paths.
    pub(crate) fn new(
        class: &'static str,
        name: &str,
        contents: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            class,
            name: name.to_owned(),
            contents: contents.into_iter().collect(),
            properties: Vec::new(),
        }
    }

    /// Sets a property, by the name of its archetype.
    pub(crate) fn with(mut self, name: &'static str, property: &dyn AsComponents) -> Self {
        self.properties
            .push((name, property.as_serialized_batches()));
        self
    }

    pub(crate) fn panel(self) -> Panel {
        Panel::View(self)
    }
}

/// Writes the layout's messages; every part has a number.
struct Writer {
    stream: RecordingStream,
    last: u128,
}

impl Writer {
    fn id(&mut self) -> Uuid {
        self.last += 1;
        Uuid::from_u128(self.last)
    }

    /// Logs a part with all that is in it, and returns its path.
    fn log(&mut self, panel: &Panel) -> Sent<(Uuid, String)> {
        match panel {
            Panel::View(view) => self.log_view(view),
            Panel::Row(parts) => {
                let columns = parts.iter().map(|(share, _)| ColumnShare(Float32(*share)));
                let container =
                    ContainerBlueprint::new(ContainerKind::Horizontal).with_col_shares(columns);
                self.log_container(container, parts.iter().map(|(_, part)| part))
            }
            Panel::Column(parts) => {
                let rows = parts.iter().map(|(share, _)| RowShare(Float32(*share)));
                let container =
                    ContainerBlueprint::new(ContainerKind::Vertical).with_row_shares(rows);
                self.log_container(container, parts.iter().map(|(_, part)| part))
            }
            Panel::Grid(columns, parts) => {
                let columns = re_sdk_types::blueprint::components::GridColumns(UInt32(*columns));
                let container =
                    ContainerBlueprint::new(ContainerKind::Grid).with_grid_columns(columns);
                self.log_container(container, parts.iter())
            }
            Panel::Tabs(parts) => {
                let container = ContainerBlueprint::new(ContainerKind::Tabs);
                self.log_container(container, parts.iter())
            }
        }
    }

    fn log_container<'a>(
        &mut self,
        container: ContainerBlueprint,
        parts: impl Iterator<Item = &'a Panel>,
    ) -> Sent<(Uuid, String)> {
        let paths = parts
            .map(|part| self.log(part).map(|(_, path)| path))
            .collect::<Sent<Vec<_>>>()?;
        let id = self.id();
        let path = format!("container/{id}");
        let contents = paths
            .into_iter()
            .map(|path| IncludedContent(path.as_str().into()));
        self.stream
            .log(path.as_str(), &container.with_contents(contents))?;
        Ok((id, path))
    }

    fn log_view(&mut self, view: &View) -> Sent<(Uuid, String)> {
        let id = self.id();
        let path = format!("view/{id}");
        let queries = view
            .contents
            .iter()
            .map(|query| QueryExpression(query.as_str().into()));
        self.stream.log(
            format!("{path}/ViewContents").as_str(),
            &ViewContents::new(queries),
        )?;
        let blueprint = ViewBlueprint::new(ViewClass(view.class.into()))
            .with_display_name(Name(view.name.as_str().into()))
            .with_space_origin("/");
        self.stream.log(path.as_str(), &blueprint)?;
        for (name, batches) in &view.properties {
            let path = format!("{path}/{name}");
            self.stream
                .log_serialized_batches(path.as_str(), false, batches.iter().cloned())?;
        }
        Ok((id, path))
    }
}

/// Makes this the layout of every viewer of the stream. `live` data is followed, other data is played.
pub(crate) fn send(stream: &RecordingStream, root: &Panel, live: bool) -> Sent<()> {
    let (blueprint, storage) = RecordingStreamBuilder::new("ulna")
        .enabled(true)
        .blueprint()
        .memory()?;
    blueprint.set_time_sequence("blueprint", 0);
    let mut writer = Writer {
        stream: blueprint,
        last: 0,
    };
    let (root, _) = writer.log(root)?;
    let blueprint = &writer.stream;
    let viewport = ViewportBlueprint::new()
        .with_root_container(RootContainer(root.into()))
        .with_auto_layout(Bool(false))
        .with_auto_views(Bool(false));
    blueprint.log("viewport", &viewport)?;
    for (panel, state) in [
        ("blueprint_panel", PanelState::Collapsed),
        ("selection_panel", PanelState::Collapsed),
    ] {
        blueprint.log(panel, &PanelBlueprint::new().with_state(state))?;
    }
    let play = if live {
        PlayState::Following
    } else {
        PlayState::Playing
    };
    let time = TimePanelBlueprint::new()
        .with_state(PanelState::Collapsed)
        .with_timeline(TimelineName(TIME.into()))
        .with_play_state(play);
    blueprint.log("time_panel", &time)?;
    let messages = storage.take();
    let id = messages.iter().find_map(|message| match message {
        LogMsg::SetStoreInfo(info) => Some(info.info.store_id.clone()),
        _ => None,
    });
    if let Some(id) = id {
        stream.send_blueprint(messages, BlueprintActivationCommand::make_active(id));
    }
    Ok(())
}
