# SPDX-License-Identifier: MIT
"""What is wrong with a run, or with what was asked of it."""


class RunError(Exception):
    """A folder, file or network that cannot be read as asked; the message names it and says why."""
