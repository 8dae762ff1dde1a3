"""Start-up of a process that stands for a container: the repository must not be importable."""

# The project is installed editable, so every Python of this environment has the repository on its path;
# a module that an image or a job's archive forgot would then be found here and missing on AWS.
import os
import sys

_here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 (pathlib costs every process 10 ms)
_repository = os.path.dirname(os.path.dirname(_here))  # noqa: PTH120
sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) not in (_here, _repository)]
