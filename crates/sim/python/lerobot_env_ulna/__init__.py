"""ulna's environments for LeRobot: `lerobot-eval --env.type=ulna --env.task=Lift-v0`. Without LeRobot this is `ulna_env` alone."""

import importlib.util

from ulna_env import SCENES, UlnaEnv, UlnaVectorEnv, environment_id

__all__ = ["SCENES", "UlnaEnv", "UlnaVectorEnv", "environment_id"]

if importlib.util.find_spec("lerobot") is not None:
    from .config import UlnaEnvConfig

    __all__ += ["UlnaEnvConfig"]
