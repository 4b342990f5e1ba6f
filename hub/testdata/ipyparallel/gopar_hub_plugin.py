"""pytest plug-in: ipyparallel's own tests, with another controller.

$IPP_TEST_CONTROLLER is the command that replaces ipcontroller, such as
"/usr/local/bin/gopar hub". Without it the tests use ipyparallel's own.
"""

import os
import shlex

command = os.environ.get("IPP_TEST_CONTROLLER")

if command:
    from ipyparallel.cluster import launcher

    argv = shlex.split(command)
    # the tests' own setup() uses the list, so it is changed in place
    launcher.ipcontroller_cmd_argv[:] = argv
    # the Cluster API takes the default of a trait
    launcher.ControllerLauncher.class_traits()["controller_cmd"].default_args = (argv,)
