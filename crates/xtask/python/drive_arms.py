"""Python LeRobot's own drivers on simulated servos: drive_arms.py KIND FOLLOWER_PORT LEADER_PORT ID. KIND is so101 or koch."""

import dataclasses
import sys
import time


TRIES = 20


def classes(kind):
    if kind == "koch":
        from lerobot.robots.koch_follower import KochFollower, KochFollowerConfig
        from lerobot.teleoperators.koch_leader import KochLeader, KochLeaderConfig

        return KochFollower, KochFollowerConfig, KochLeader, KochLeaderConfig
    from lerobot.robots.so_follower import SO101Follower, SO101FollowerConfig
    from lerobot.teleoperators.so_leader import SO101Leader, SO101LeaderConfig

    return SO101Follower, SO101FollowerConfig, SO101Leader, SO101LeaderConfig


def patiently(work):
    """LeRobot gives up at the first late answer, which a busy computer is enough for."""
    for _ in range(TRIES):
        try:
            return work()
        except (ConnectionError, RuntimeError):
            time.sleep(0.2)
    return work()


def connect(device):
    """A device whose servos did not all answer keeps its port open, and counts as connected without having been configured."""

    def work():
        if device.bus.is_connected:
            device.bus.disconnect(disable_torque=False)
        device.connect()

    patiently(work)


def told(good, name, figures):
    print("PASS" if good else "FAIL", name, figures, sep="\t", flush=True)


def calibration(bus, name):
    """What is written to the servos is read back from them."""
    before = bus.read_calibration()
    motor = next(iter(before))
    changed = dict(before)
    changed[motor] = dataclasses.replace(before[motor], range_min=before[motor].range_min + 11)
    bus.disable_torque()
    bus.write_calibration(changed)
    after = bus.read_calibration()
    bus.write_calibration(before)
    told(after == changed and bus.read_calibration() == before, name, f"{len(before)} motors, one range moved by 11 and back")


def reach(follower):
    """Goals are reached, as far as servos without an integral gain reach them under their own weight."""
    goals = {key: 20.0 if key == "gripper.pos" else 0.0 for key in follower.action_features}
    end = time.monotonic() + 4
    while time.monotonic() < end:
        patiently(lambda: follower.send_action(goals))
        time.sleep(0.02)
    state = patiently(follower.get_observation)
    worst = max(goals, key=lambda key: abs(state[key] - goals[key]))
    told(abs(state[worst] - goals[worst]) < 8, "goals are reached", f"{worst} is off most, by {abs(state[worst] - goals[worst]):.1f}")


def teleoperate(follower, leader):
    errors, moved, late, begin = [], [], 0, time.monotonic()
    while time.monotonic() < begin + 8:
        try:
            action = leader.get_action()
            follower.send_action(action)
            state = follower.get_observation()
        except ConnectionError:
            late += 1
            continue
        errors.append(max(abs(state[key] - action[key]) for key in action))
        moved.append(action["shoulder_pan.pos"])
        time.sleep(0.01)
    errors.sort()
    median, span = errors[len(errors) // 2], max(moved) - min(moved)
    good = len(errors) > 100 and late * 20 < len(errors) and median < 12 and span > 5
    told(good, "teleoperation", f"{len(errors)} loops in 8 s and {late} late answers, median error {median:.1f}, the leader's pan moved by {span:.0f}")


def main(kind, follower_port, leader_port, name):
    robot, robot_config, teleop, teleop_config = classes(kind)
    follower = robot(robot_config(port=follower_port, id=name))
    leader = teleop(teleop_config(port=leader_port, id=name))
    connect(leader)
    connect(follower)
    told(follower.is_connected and leader.is_connected, "both connect and configure", "no question asked")
    told(patiently(lambda: follower.is_calibrated and leader.is_calibrated), "both are calibrated", "servos and files agree")
    patiently(lambda: calibration(leader.bus, "calibration is written and read back"))
    follower.bus.enable_torque()
    reach(follower)
    teleoperate(follower, leader)
    leader.disconnect()
    follower.disconnect()
    told(True, "both disconnect", "")


if __name__ == "__main__":
    main(*sys.argv[1:])
