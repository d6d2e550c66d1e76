//! What can be wrong with files, tables and counts.

use super::{Kind, kind};

pub(super) static STRUCTURE: &[Kind] = &[
    kind(
        "open",
        "the dataset does not open",
        "Nothing can be read from it.",
        "finish what was cut short: `ulna dataset repair DIR` or restore the file from a copy",
    ),
    kind(
        "unfinished-save",
        "a save was cut short",
        "The episode is not counted, so training does not see it; nothing saved is lost.",
        "finish it: `ulna dataset repair DIR`",
    ),
    kind(
        "interrupted-recording",
        "a recording was cut short",
        "The episode that was running is not part of the dataset yet.",
        "if no recording is running, save it: `ulna dataset repair DIR`",
    ),
    kind(
        "link",
        "a link where ulna keeps unfinished work",
        "Reading goes on as ever; what would be written or removed through the link belongs to another folder.",
        "remove the link itself with `rm`, what it leads to stays",
    ),
    kind(
        "in-the-way",
        "something stands where ulna keeps unfinished work",
        "Reading goes on as ever; nothing can be recorded or edited.",
        "move it elsewhere",
    ),
    kind(
        "paths",
        "file names that do not keep files apart",
        "Reading goes on as ever; a new episode would replace the files of another.",
        "make a dataset with LeRobot's usual names: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "tasks",
        "the table of tasks is wrong",
        "Frames may get the wrong task text, or none.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "episode-tasks",
        "the episode table lists other tasks than the frames have",
        "Tools that choose episodes by task choose wrong ones.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "length",
        "an episode without frames",
        "Readers that count on at least one frame fail.",
        "remove it: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "range",
        "the episode table has gaps or overlaps",
        "Frames are taken for those of another episode.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "total-frames",
        "the count of frames is wrong",
        "LeRobot asks for frames that do not exist, or never uses some.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "table-columns",
        "the episode tables have different columns",
        "LeRobot cannot open the dataset.",
        "build the tables anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "stray-file",
        "a data file that belongs to no episode",
        "LeRobot reads it too, and counts frames that nobody declared.",
        "move the file out of the dataset",
    ),
    kind(
        "data",
        "rows cannot be read",
        "Training stops at this episode.",
        "fetch the file anew, or remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "undeclared-column",
        "a column that is not declared",
        "LeRobot cannot open the dataset.",
        "build the files anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "missing-column",
        "a declared column is missing",
        "LeRobot cannot read the rows.",
        "drop the feature: `ulna dataset features DIR --drop NAME`",
    ),
    kind(
        "timestamp",
        "time stamps off the frame rate",
        "LeRobot refuses the dataset, or shows the picture of another moment.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "frame-index",
        "frames are numbered wrongly",
        "Windows over time get the wrong frames.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "index",
        "rows are numbered wrongly",
        "Windows over time get the wrong frames.",
        "number and time the rows anew: `ulna dataset import DIR --output NEW`",
    ),
    kind(
        "task-index",
        "frames with a task that does not exist",
        "LeRobot fails on these frames.",
        "give the episodes a task: `ulna dataset tasks DIR --assign LIST TEXT`",
    ),
    kind(
        "not-finite",
        "values that are no numbers",
        "One NaN in a batch makes the whole network NaN.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST` or cut the frames off: `ulna dataset trim DIR --episode K`",
    ),
    kind(
        "missing-video",
        "pictures are missing",
        "Training with this camera fails.",
        "fetch the files, or drop the camera: `ulna dataset features DIR --drop NAME`",
    ),
    kind(
        "video",
        "a video file cannot be read",
        "Training with this camera fails.",
        "fetch the file anew, or remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "video-size",
        "pictures of another size than declared",
        "Networks are built for the declared size, and fail.",
        "correct the shape in meta/info.json, or restore the file from a copy",
    ),
    kind(
        "video-frames",
        "a video with too few or too many pictures",
        "Pictures do not belong to the states beside them.",
        "look at the last frames: `ulna dataset view DIR` and remove the episodes that lack pictures",
    ),
    kind(
        "video-span",
        "pictures of another length than the episode",
        "Pictures do not belong to the states beside them.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "video-time",
        "frames without a picture at their time",
        "LeRobot fails on these frames.",
        "remove the episodes: `ulna dataset delete DIR --episodes LIST`",
    ),
    kind(
        "statistics",
        "statistics that do not fit the data",
        "Training normalises by them, so states and actions come out shifted or scaled.",
        "compute them anew: `ulna dataset stats DIR`",
    ),
];
