//! What can be wrong with files, tables and counts.

use super::{Kind, Next, kind};

const TABLES: Next = Next::Copy("make a copy whose tables are made from the rows");
const NUMBERS: Next = Next::Copy("make a copy whose rows are numbered and timed from 0");

pub(super) static STRUCTURE: &[Kind] = &[
    kind(
        "open",
        "the dataset does not open",
        "Nothing can be read from it.",
        Next::Words("see what the message says of the file, or restore it from a copy"),
    ),
    kind(
        "interrupted-edit",
        "an edit was cut short between two names",
        "The dataset is whole, but stands under a hidden name.",
        Next::Repair("give it back its name"),
    ),
    kind(
        "placeholder",
        "files that stand for the real ones",
        "Nothing can be read from them; the data is elsewhere, and not lost.",
        Next::Words("fetch the real files, as the message says"),
    ),
    kind(
        "metadata",
        "a file of metadata that Python cannot read",
        "LeRobot cannot open the dataset, or misses what the file says.",
        Next::Copy("make a copy with metadata that it can read"),
    ),
    kind(
        "old-format",
        "a dataset of an older format",
        "ulna reads it as it is; LeRobot has to convert it first.",
        Next::Copy("make a copy in the newest format"),
    ),
    kind(
        "mislabelled",
        "a dataset of another format than it says",
        "LeRobot looks for its files in other places, and cannot open it.",
        Next::Copy("make a copy in the newest format"),
    ),
    kind(
        "declaration",
        "a feature whose declaration contradicts itself",
        "What its numbers are is not clear.",
        Next::Copy("make a copy with what can be told from the rows"),
    ),
    kind(
        "unfinished-save",
        "a save was cut short",
        "The episode is not counted, so training does not see it; nothing saved is lost.",
        Next::Repair("finish it"),
    ),
    kind(
        "interrupted-recording",
        "a recording was cut short",
        "The episode that was running is not part of the dataset yet.",
        Next::Repair("if no recording is running, save it"),
    ),
    kind(
        "uncounted-episodes",
        "episodes that are not counted",
        "Training does not see them.",
        Next::Copy("make a copy that counts all whose rows are there"),
    ),
    kind(
        "total-episodes",
        "the count of episodes is wrong",
        "LeRobot looks for episodes that do not exist, and cannot open the dataset, or never uses some.",
        TABLES,
    ),
    kind(
        "episode-table",
        "the episode table is wrong",
        "LeRobot takes the rows of one episode for those of another, or cannot open the dataset.",
        TABLES,
    ),
    kind(
        "tasks",
        "the table of tasks is wrong",
        "Frames may get the wrong task text, or none.",
        TABLES,
    ),
    kind(
        "episode-tasks",
        "the episode table lists other tasks than the frames have",
        "Tools that choose episodes by task choose wrong ones.",
        TABLES,
    ),
    kind(
        "length",
        "the episode table counts other frames than there are",
        "LeRobot reads the rows rightly; tools that go by the table do not.",
        TABLES,
    ),
    kind(
        "stale-place",
        "the episode table names another data file than the rows are in",
        "LeRobot reads the rows rightly; tools that fetch single episodes fetch the wrong file.",
        TABLES,
    ),
    kind(
        "range",
        "the episode table has gaps or overlaps",
        "Windows over time get frames of another episode.",
        TABLES,
    ),
    kind(
        "total-frames",
        "the count of frames is wrong",
        "LeRobot asks for frames that do not exist, or never uses some.",
        TABLES,
    ),
    kind(
        "table-columns",
        "the episode tables have different columns",
        "LeRobot cannot open the dataset.",
        TABLES,
    ),
    kind(
        "stray-file",
        "a file that belongs to no episode",
        "LeRobot reads it too: it fails on it, or counts frames that nobody declared.",
        Next::Copy("make a copy without it"),
    ),
    kind(
        "data",
        "rows cannot be read",
        "Training stops at this episode.",
        Next::Rest("fetch the file again, or make a copy of the other episodes"),
    ),
    kind(
        "undeclared-column",
        "a column that is not declared",
        "LeRobot cannot open the dataset.",
        Next::Copy("make a copy without it"),
    ),
    kind(
        "missing-column",
        "a declared column is missing",
        "LeRobot reads it as NaN, and one NaN in a batch makes the whole network NaN.",
        Next::Drop("make a copy that does not declare it"),
    ),
    kind(
        "column-type",
        "a column of another type or shape than declared",
        "LeRobot cannot open the dataset.",
        Next::Copy("make a copy with the types that are declared"),
    ),
    kind(
        "declared-rate",
        "another frame rate than declared",
        "Windows over time get the wrong frames.",
        Next::Copy("make a copy with the rate of the time stamps"),
    ),
    kind(
        "timestamp",
        "time stamps off the frame rate",
        "Rows are read as they are, but windows over time take them for evenly spaced.",
        NUMBERS,
    ),
    kind(
        "row-order",
        "episodes whose rows are not in order",
        "LeRobot takes a row's place for its number: windows over time get rows of other episodes.",
        NUMBERS,
    ),
    kind(
        "frame-index",
        "frames are numbered wrongly",
        "Windows over time get the wrong frames.",
        NUMBERS,
    ),
    kind(
        "index",
        "rows are numbered wrongly",
        "Windows over time get the wrong frames.",
        NUMBERS,
    ),
    kind(
        "task-index",
        "frames with a task that does not exist",
        "LeRobot fails on these frames.",
        Next::Copy("make a copy in which these tasks have a name, to be changed to what they are"),
    ),
    kind(
        "not-finite",
        "values that are NaN or infinite",
        "One NaN in a batch makes the whole network NaN.",
        Next::LeaveFrames("make a copy without the episodes"),
    ),
    kind(
        "missing-video",
        "pictures are missing",
        "Training with this camera fails.",
        Next::Copy("fetch the files, or make a copy of what has its pictures"),
    ),
    kind(
        "video",
        "a video file cannot be read",
        "Training with this camera fails.",
        Next::Copy("fetch the file again, or make a copy of what has its pictures"),
    ),
    kind(
        "video-size",
        "pictures of another size than declared",
        "Networks are built for the declared size, and fail.",
        Next::Copy("make a copy that declares the size that they have"),
    ),
    kind(
        "video-frames",
        "a video with more pictures than its episodes have frames",
        "Nothing reads them.",
        Next::Words("nothing has to be done"),
    ),
    kind(
        "video-end",
        "the end of an episode's pictures is stated wrongly",
        "Readers go by the beginning; tools that go by the end are off.",
        TABLES,
    ),
    kind(
        "video-span",
        "the pictures of one episode overlap those of another",
        "Pictures do not belong to the states beside them.",
        Next::Leave("make a copy without the episodes"),
    ),
    kind(
        "video-time",
        "frames without a picture at their time",
        "LeRobot fails on these frames.",
        Next::Copy("make a copy without the frames that have none"),
    ),
    kind(
        "statistics",
        "statistics that do not fit the data",
        "Training normalises by them, so states and actions come out shifted or scaled.",
        Next::Statistics("compute them from the rows"),
    ),
    kind(
        "episode-statistics",
        "statistics of episodes that do not fit their rows",
        "LeRobot's tools make those of the dataset from them.",
        Next::Statistics("compute them from the rows"),
    ),
];
