"""The environment `ulna` as LeRobot configures it."""

from dataclasses import dataclass, field

from lerobot.configs import FeatureType, PolicyFeature
from lerobot.envs.configs import EnvConfig
from lerobot.utils.constants import ACTION, OBS_ENV_STATE, OBS_IMAGES, OBS_STATE

from ulna_env import SCENES, environment_id
from ulna_env.views import arguments
from ulna_env.wire import describe


@EnvConfig.register_subclass("ulna")
@dataclass
class UlnaEnvConfig(EnvConfig):
    """What a policy was trained on. The features follow from it: the program `ulna` is asked."""

    task: str | None = "Lift-v0"  # Lift-v0 or lift, or the path of a scene file
    fps: int = 30
    robot: str = "so101"  # A name or a robot file, as `ulna robots list` has them
    cameras: list[str] | None = None  # All but spare ones
    observation_height: int | None = None  # Both of them, or each camera's own size
    observation_width: int | None = None
    scene_variation: bool = True
    objects: bool = False  # Where the things are, as observation.environment_state
    units: str | None = None  # degrees or m100; as the robot has them
    instruction: str | None = None  # The text of the task, where a scene has several
    render_mode: str = "rgb_array"
    render_camera: str | None = None  # The first
    ulna: str | None = None  # The program; $ULNA, or the one on the PATH
    features: dict[str, PolicyFeature] = field(default_factory=dict)
    features_map: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        if not self.features:
            self._ask()

    @property
    def scene(self):
        """The name of the scene, or the path of its file."""
        task = self.task or "Lift-v0"
        named = {environment_id(scene).removeprefix("ulna/"): scene for scene in SCENES}
        return named.get(task.removeprefix("ulna/"), task)

    @property
    def package_name(self):
        return "ulna_env"

    @property
    def gym_id(self):
        return environment_id(self.scene) if self.scene in SCENES else "ulna/Scene-v0"

    @property
    def gym_kwargs(self):
        return {"scene": self.scene, "render_mode": self.render_mode, "ulna": self.ulna, **self._options()}

    def _options(self):
        return {
            "fps": self.fps,
            "robot": self.robot,
            "cameras": self.cameras,
            "camera_size": self._size(),
            "scene_variation": self.scene_variation,
            "objects": self.objects,
            "units": self.units,
            "task": self.instruction,
            "render_camera": self.render_camera,
        }

    def _size(self):
        size = (self.observation_width, self.observation_height)
        if (None in size) and size != (None, None):
            raise ValueError("pass both --env.observation_width and --env.observation_height, or neither")
        return None if None in size else size

    def _ask(self):
        facts = describe(arguments(self.scene, 1, self.render_mode, self._options()), self.ulna)
        joints = (len(facts["joints"]),)
        self.features = {
            ACTION: PolicyFeature(type=FeatureType.ACTION, shape=joints),
            "agent_pos": PolicyFeature(type=FeatureType.STATE, shape=joints),
        }
        self.features_map = {ACTION: ACTION, "agent_pos": OBS_STATE}
        for camera in facts["cameras"]:
            key = f"pixels/{camera['name']}"
            shape = (camera["height"], camera["width"], 3)
            self.features[key] = PolicyFeature(type=FeatureType.VISUAL, shape=shape)
            self.features_map[key] = f"{OBS_IMAGES}.{camera['name']}"
        if facts["environment"]:
            shape = (len(facts["environment"]),)
            self.features["environment_state"] = PolicyFeature(type=FeatureType.ENV, shape=shape)
            self.features_map["environment_state"] = OBS_ENV_STATE
