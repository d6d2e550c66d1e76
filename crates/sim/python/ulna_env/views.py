"""What both kinds of environment share: options as arguments, spaces, and what is seen as arrays."""

import numpy as np
from gymnasium import spaces

from .wire import Connection, RefusedError

# What LeRobot says at a reset; it means nothing here.
IGNORED = ("lerobot_new_rollout",)


def connect(scene, num_envs, render_mode, options):
    """A connection to environments with these options, each with its default unless given."""
    options = dict(options)
    program, address = options.pop("ulna", None), options.pop("address", None)
    if render_mode not in (None, "rgb_array"):
        raise ValueError(f"render_mode {render_mode!r} is not there; there is 'rgb_array'")
    if address is None:
        if scene is None:
            raise ValueError("which scene: pass scene=NAME, or the path of a scene file")
        return Connection(arguments(scene, num_envs, render_mode, options), program=program)
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(f"{', '.join(given)}: the server at {address} decides that; pass it to `ulna sim env`")
    connection = Connection(None, address=address)
    wrong = differs(connection.hello, scene, num_envs, render_mode)
    if wrong:
        connection.close()
        raise ValueError(f"the server at {address} {wrong}")
    return connection


def differs(hello, scene, num_envs, render_mode):
    """What a running server has otherwise than it is wanted, in words."""
    if scene not in (None, hello["scene"]):
        return f"has the scene {hello['scene']}, not {scene}"
    if num_envs != hello["num_envs"]:
        return f"has {hello['num_envs']} environments, not {num_envs}"
    if render_mode and hello["render"] is None:
        return "renders nothing: start it with --render"
    return None


def arguments(scene, num_envs, render_mode, options):
    """The arguments of `ulna sim env`."""
    words = ["--scene", str(scene), "--num-envs", str(num_envs)]
    cameras = options.pop("cameras", None)
    if cameras is not None:
        cameras = [cameras] if isinstance(cameras, str) else list(cameras)
        words += ["--cameras", ",".join(cameras)] if cameras else ["--no-cameras"]
    size = options.pop("camera_size", None)
    if size is not None:
        width, height = size
        words += ["--camera-size", f"{int(width)}x{int(height)}"]
    if options.pop("objects", None):
        words.append("--objects")
    variation = options.pop("scene_variation", None)
    if variation is not None:
        words += ["--scene-variation", "on" if variation else "off"]
    camera = options.pop("render_camera", None)
    if render_mode:
        words.append(f"--render={camera}" if camera else "--render")
    for name in ("fps", "robot", "units", "task"):
        value = options.pop(name, None)
        if value is not None:
            words += [f"--{name}", str(value)]
    if options:
        known = "cameras, camera_size, objects, scene_variation, fps, robot, units, task, render_camera, ulna, address"
        raise TypeError(f"unknown options: {', '.join(options)}; there are {known}")
    return words


def action_space(hello):
    """A target for each joint, within the limits of the gate."""
    low, high = (np.array([joint[end] for joint in hello["joints"]], np.float32) for end in ("low", "high"))
    return spaces.Box(low, high, dtype=np.float32)


def observation_space(hello):
    """Measured joints, pictures, and what the surroundings report."""
    everything = {"agent_pos": unbounded(len(hello["joints"]))}
    if hello["cameras"]:
        pictures = {camera["name"]: spaces.Box(0, 255, shape(camera), np.uint8) for camera in hello["cameras"]}
        everything["pixels"] = spaces.Dict(pictures)
    if hello["environment"]:
        everything["environment_state"] = unbounded(len(hello["environment"]))
    return spaces.Dict(everything)


def unbounded(count):
    return spaces.Box(-np.inf, np.inf, (count,), np.float32)


def shape(camera):
    return (camera["height"], camera["width"], 3)


def picture(content, camera):
    """A picture of this camera that can be written to."""
    return np.frombuffer(content, np.uint8).reshape(shape(camera)).copy()


def observation(view, hello):
    """What is seen of one environment, as arrays of the observation space."""
    seen = {"agent_pos": np.array(view["agent_pos"], np.float32)}
    if hello["cameras"]:
        pixels = view["pixels"]
        seen["pixels"] = {camera["name"]: picture(pixels[camera["name"]], camera) for camera in hello["cameras"]}
    if hello["environment"]:
        seen["environment_state"] = np.array(view["environment_state"], np.float32)
    return seen


def info(view):
    """What a policy must not see, with one boolean array for all joints."""
    said = dict(view["info"])
    for name in ("clamped", "slowed"):
        said[name] = np.array(said[name], np.bool_)
    return said


def action(values, hello):
    """An action as a list; that its numbers are finite is checked by the server."""
    values = np.asarray(values)
    if values.shape != (len(hello["joints"]),):
        names = ", ".join(joint["name"] for joint in hello["joints"])
        raise RefusedError(f"an action has shape {(len(hello['joints']),)} ({names}), and this one has {values.shape}")
    return values.astype(np.float64).tolist()


def world_seed(seed, random):
    """The seed of an episode: that which is asked for, else the next of the environment's own generator."""
    if seed is None:
        return int(random.integers(1 << 63))
    if not 0 <= seed < 1 << 64:
        raise RefusedError(f"seed {seed} is not between 0 and 2**64 - 1")
    return int(seed)


def task_of(options):
    """The task that `reset(options=...)` names; anything unknown there is an error."""
    options = {name: value for name, value in (options or {}).items() if name not in IGNORED}
    task = options.pop("task", None)
    if options:
        raise RefusedError(f"unknown options of reset: {', '.join(map(str, options))}; there is `task`")
    if task is not None and not isinstance(task, str):
        raise RefusedError(f"the option `task` of reset is a text, not {task!r}")
    return task
