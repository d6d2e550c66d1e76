"""One environment."""

import gymnasium

from . import views


class UlnaEnv(gymnasium.Env):
    """One scene of ulna. The README of this package has its options."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}

    def __init__(self, scene=None, render_mode=None, **options):
        self._connection = None
        self._connection = views.connect(scene, 1, render_mode, options)
        self._hello = hello = self._connection.hello
        self.render_mode = render_mode
        fps = hello["fps"]
        self.metadata = {**type(self).metadata, "render_fps": int(fps) if fps.is_integer() else fps}
        self.action_space = views.action_space(hello)
        self.observation_space = views.observation_space(hello)
        self._task = ""

    @property
    def _max_episode_steps(self):
        """The most steps of an episode; LeRobot asks for it under this name."""
        return self._hello["most_steps"]

    @property
    def task(self):
        """What is to be done, in words; that of the running episode."""
        return self._task or next(iter(self._hello["tasks"]), "")

    @property
    def task_description(self):
        """The same, as LeRobot calls it."""
        return self.task

    def reset(self, *, seed=None, options=None):
        task = views.task_of(options)
        super().reset(seed=seed)
        seed = views.world_seed(seed, self.np_random)
        (view,) = self._connection.ask({"reset": {"seeds": [seed], "tasks": [task]}})
        self._task = view["info"]["task"]
        return views.observation(view, self._hello), views.info(view)

    def step(self, action):
        action = views.action(action, self._hello)
        (view,) = self._connection.ask({"step": {"actions": [action]}})
        seen = views.observation(view, self._hello)
        return seen, view["reward"], view["terminated"], view["truncated"], views.info(view)

    def render(self):
        if self.render_mode is None:
            return None
        (picture,) = self._connection.ask({"render": {"which": [True]}})
        return views.picture(picture, self._hello["render"])

    def close(self):
        if self._connection is not None:
            self._connection.close()
