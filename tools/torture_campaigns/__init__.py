# SPDX-License-Identifier: MIT
"""The campaigns of tools/torture."""
