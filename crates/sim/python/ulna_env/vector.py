"""Several environments in one process of ulna, which step at the same time."""

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from . import views
from .wire import RefusedError


class UlnaVectorEnv(gymnasium.vector.VectorEnv):
    """Several environments of one scene, as `gymnasium.make_vec` makes them: the same episodes as those of `SyncVectorEnv`, faster."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}

    def __init__(self, scene=None, num_envs=1, render_mode=None, autoreset_mode=AutoresetMode.NEXT_STEP, **options):
        self._connection = None
        mode = AutoresetMode(autoreset_mode)
        self._connection = views.connect(scene, num_envs, render_mode, options)
        self._hello = hello = self._connection.hello
        self.num_envs, self.render_mode = num_envs, render_mode
        fps = hello["fps"]
        fps = int(fps) if fps.is_integer() else fps
        self.metadata = {**type(self).metadata, "render_fps": fps, "autoreset_mode": mode}
        self.single_action_space = views.action_space(hello)
        self.single_observation_space = views.observation_space(hello)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._mode = mode
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._seen = [None] * num_envs
        self._over = np.zeros(num_envs, np.bool_)

    def reset(self, *, seed=None, options=None):
        options = dict(options or {})
        which = self._mask(options.pop("reset_mask", None))
        task = views.task_of(options)
        seeds = self._seeds(seed)
        for index in np.flatnonzero(which):
            if seeds[index] is not None:
                self._generators[index] = seeding.np_random(seeds[index])[0]
        infos = {}
        for index, view in self._begin(which, seeds, task):
            infos = self._add_info(infos, views.info(view), index)
        return self._observations(), infos

    def step(self, actions):
        actions = np.asarray(actions)
        if len(actions.shape) != 2 or len(actions) != self.num_envs:
            raise RefusedError(f"actions have shape {self.action_space.shape}, and these have {actions.shape}")
        if self._mode == AutoresetMode.DISABLED and self._over.any():
            over = np.flatnonzero(self._over).tolist()
            raise RefusedError(f"the episodes of environments {over} are over: reset them with options={{'reset_mask': ...}}")
        resting = self._over.copy() if self._mode == AutoresetMode.NEXT_STEP else np.zeros(self.num_envs, np.bool_)
        moves = [None if rests else views.action(action, self._hello) for action, rests in zip(actions, resting)]
        rewards, infos = np.zeros(self.num_envs, np.float64), {}
        terminated, truncated = (np.zeros(self.num_envs, np.bool_) for _ in range(2))
        said = {}
        if not resting.all():
            for index, view in enumerate(self._connection.ask({"step": {"actions": moves}})):
                if view is not None:
                    self._seen[index] = views.observation(view, self._hello)
                    rewards[index] = view["reward"]
                    terminated[index], truncated[index] = view["terminated"], view["truncated"]
                    said[index] = views.info(view)
        self._over = terminated | truncated
        again = resting
        if self._mode == AutoresetMode.SAME_STEP:
            again = self._over.copy()
            for index in np.flatnonzero(again):
                infos = self._add_info(infos, {"final_obs": self._seen[index], "final_info": said[index]}, index)
        ended = self._over.copy()
        for index, view in self._begin(again, [None] * self.num_envs, None):
            said[index] = views.info(view)
        self._over = ended if self._mode != AutoresetMode.SAME_STEP else np.zeros(self.num_envs, np.bool_)
        for index in sorted(said):
            infos = self._add_info(infos, said[index], index)
        return self._observations(), rewards, terminated, truncated, infos

    def render(self):
        if self.render_mode is None:
            return None
        pictures = self._connection.ask({"render": {"which": [True] * self.num_envs}})
        return tuple(views.picture(picture, self._hello["render"]) for picture in pictures)

    def close_extras(self, **kwargs):
        if self._connection is not None:
            self._connection.close()

    def _begin(self, which, seeds, task):
        """Begins new episodes in these environments; each with what is seen."""
        if not which.any():
            return
        worlds = [views.world_seed(seeds[i], self._generators[i]) if which[i] else None for i in range(self.num_envs)]
        seen = self._connection.ask({"reset": {"seeds": worlds, "tasks": [task] * self.num_envs}})
        for index in np.flatnonzero(which):
            self._seen[index] = views.observation(seen[index], self._hello)
            self._over[index] = False
            yield index, seen[index]

    def _observations(self):
        """What is seen of all, one array for each part."""
        batch = create_empty_array(self.single_observation_space, n=self.num_envs, fn=np.zeros)
        return concatenate(self.single_observation_space, self._seen, batch)

    def _seeds(self, seed):
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise RefusedError(f"{len(seed)} seeds, and there are {self.num_envs} environments")
        return list(seed)

    def _mask(self, mask):
        """Which environments are reset: all, or those of `reset_mask`."""
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        mask = np.asarray(mask)
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
            raise RefusedError(f"reset_mask is an array of {self.num_envs} booleans, one of them True at least")
        return mask
