"""A pytest plugin: ipyparallel's tests start the controller that $GOPAR_TEST_CONTROLLER names, a command with blanks between its words."""

import os

command = os.environ.get("GOPAR_TEST_CONTROLLER", "").split()
if command:
    from ipyparallel.cluster import launcher

    launcher.ipcontroller_cmd_argv[:] = command
    launcher.ControllerLauncher.class_traits()["controller_cmd"].default_args = (command,)
