"""Gymnasium environments of ulna's simulated arms: `gymnasium.make("ulna/Lift-v0")` after `import ulna_env`."""

import gymnasium

from .environment import UlnaEnv
from .vector import UlnaVectorEnv
from .wire import RefusedError, UlnaError

__all__ = ["SCENES", "RefusedError", "UlnaEnv", "UlnaError", "UlnaVectorEnv", "environment_id", "register"]

# The scenes that come with ulna, as `ulna sim scenes` lists them.
SCENES = ("table", "reach", "push", "lift", "pick-place", "stack", "sort")


def environment_id(scene):
    """The name of a scene's environment: `ulna/PickPlace-v0` for `pick-place`."""
    return f"ulna/{''.join(word.capitalize() for word in scene.split('-'))}-v0"


def register():
    """Registers every scene, and `ulna/Scene-v0` for a scene file that `scene=` names. Once is enough."""
    kinds = {environment_id(scene): {"scene": scene} for scene in SCENES}
    kinds["ulna/Scene-v0"] = {}
    for name, options in kinds.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point="ulna_env.environment:UlnaEnv",
                vector_entry_point="ulna_env.vector:UlnaVectorEnv",
                kwargs=options,
            )


register()
