# SPDX-License-Identifier: MIT
"""A network as a PyTorch module."""
from __future__ import annotations

import xarray

from .networks import take_network

try:
    import torch
except ImportError as problem:
    raise ImportError("as_torch needs PyTorch, which is not installed: pip install torch, "
                      "or Debian's python3-torch") from problem


class TorchNetwork(torch.nn.Module):
    """The equations of networks.Network in float64 (`.float()` makes it single).

    Parameters, named and shaped as there: recurrent, feedback (None if outputs are not fed back), input, readout,
    bias. The readout is fed back at every step, so that training it changes the dynamics, as FORCE does. Buffer:
    initial_state [unit].
    """

    def __init__(self, dataset: xarray.Dataset, network: str | int):
        super().__init__()
        source = take_network(dataset, network)
        self.uid = source.uid
        self.cell = source.cell
        self.step_size = source.dt / source.tau
        for name in ("recurrent", "feedback", "input", "readout", "bias"):
            values = getattr(source, name)
            self.register_parameter(name, None if values is None else torch.nn.Parameter(torch.from_numpy(values)))
        self.register_buffer("initial_state", torch.from_numpy(source.state))

    def rates(self, state: torch.Tensor) -> torch.Tensor:
        """r of a state, [..., unit]."""
        return torch.tanh(state) if self.cell == "current" else state

    def step(self, state: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """The state after one step dt, [..., unit], from state [..., unit] and inputs [..., input]."""
        rates = self.rates(state)
        drive = rates @ self.recurrent.T + inputs @ self.input.T + self.bias
        if self.feedback is not None:
            drive = drive + (rates @ self.readout.T) @ self.feedback.T
        towards = drive if self.cell == "current" else torch.tanh(drive)
        return state + self.step_size * (towards - state)

    def forward(self, inputs: torch.Tensor,
                initial_state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """states[trial, time, unit] and outputs[trial, time, output] of inputs[trial, time, input].

        Entry t is after inputs[t] was used, as in the answer of `shoal simulate`. Trials start at initial_state,
        [trial, unit] or [unit]; without it at the network's own.
        """
        start = self.initial_state if initial_state is None else initial_state
        state = start.expand(inputs.shape[0], -1)
        states = []
        for now in inputs.unbind(1):
            state = self.step(state, now)
            states.append(state)
        kept = torch.stack(states, 1)
        return kept, self.rates(kept) @ self.readout.T


def as_torch(dataset: xarray.Dataset, network: str | int) -> TorchNetwork:
    """A network of a Dataset of open_runs as a module; networks and errors as in take_network."""
    return TorchNetwork(dataset, network)
