#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An ensemble of recurrent networks trained by backpropagation through time in PyTorch. Forms:

  autograd   every operation batched over networks (baddbmm), gradients by autograd
  manual     the same with the backward pass written by hand: no graph of 100 steps is kept
  compiled   manual, with the elementwise parts of a step fused by torch.compile (PyTorch 2)
  loop       the field's usual one network at a time: modules and an optimiser each (timed on up to 4 networks)

On a CPU every process has one thread and its part of the networks: two such processes beat one with two threads.
On a GPU an iteration of manual and compiled is one CUDA graph. tf32: products of PyTorch in that mode; bf16:
operands of products and the history of states in bf16. Each form's gradient is compared with numpy's first.
Prints one JSON object per case and form.
"""
import gradient_trials as trials  # first: sets the environment

import torch  # noqa: E402

A = trials.A
FORMS = ("autograd", "manual", "compiled", "loop")


def drive(t, h, w, x):
    """tanh(h W + x(t)): the products of one forward step."""
    if w.dtype == torch.float32:
        return torch.baddbmm(x[t], h, w)
    return x[t] + torch.bmm(h.to(w.dtype), w).float()


def forward_step(h, s):
    """(h', tanh, a tanh')."""
    s = torch.tanh(s)
    return torch.lerp(h, s, A), A * (1 - s * s)


def backward_step(back, dh, slope):
    """(lambda, d): adds the error of this step, then through the nonlinearity."""
    back = back + dh
    return back, slope * back


class Ensemble:
    """Weights [network, from, to] and Adam on them."""

    def __init__(self, problem, precision, device):
        self.networks = problem.networks
        self.device = device
        self.narrow = torch.bfloat16 if precision == "bf16" else torch.float32
        self.p = {name: torch.nn.Parameter(torch.from_numpy(array.copy()).to(device))
                  for name, array in problem.weights.items()}
        self.u, self.y = (torch.from_numpy(array).to(device) for array in (problem.inputs, problem.targets))
        self.optimizer = torch.optim.Adam(list(self.p.values()), lr=trials.RATE, betas=(trials.BETA1, trials.BETA2),
                                          eps=trials.EPSILON, foreach=True, capturable=device.type == "cuda")

    def driven(self, u):
        """b + u W_in of every step, [network, time x trial, unit]."""
        return torch.baddbmm(self.p["b"], u.reshape(1, -1, u.shape[2]).expand(self.networks, -1, -1), self.p["w_in"])

    def gradients(self, steps):
        self.backward(self.u[:steps], self.y[:steps])
        answer = {name: one.grad.detach().float().cpu().numpy().copy() for name, one in self.p.items()}
        for one in self.p.values():
            one.grad = None
        return answer

    def iteration(self):
        self.backward(self.u, self.y)
        self.optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()


class Autograd(Ensemble):
    def backward(self, u, y):
        self.optimizer.zero_grad(set_to_none=True)
        steps, batch, _ = u.shape
        w = self.p["w"].to(self.narrow)
        # unbind: indexing would make a tensor of zeros of the whole history for every step's gradient
        x = self.driven(u).view(self.networks, steps, batch, -1).unbind(1)
        h = torch.zeros_like(x[0])
        states = []
        for t in range(steps):
            h = torch.lerp(h, torch.tanh(drive(t, h, w, x)), A)
            states.append(h)
        z = torch.bmm(torch.stack(states, 1).flatten(1, 2), self.p["w_out"])
        (z - y.reshape(1, steps * batch, -1)).square().mean((1, 2)).sum().backward()


class Manual(Ensemble):
    def __init__(self, problem, precision, device, compile_steps):
        super().__init__(problem, precision, device)
        self.forward_step, self.backward_step = forward_step, backward_step
        if compile_steps:
            self.forward_step, self.backward_step = map(torch.compile, (forward_step, backward_step))
        self.graph = None

    @torch.no_grad()
    def backward(self, u, y):
        steps, batch, _ = u.shape
        networks, units = self.networks, self.p["w"].shape[1]
        w = self.p["w"].to(self.narrow)
        x = self.driven(u).view(networks, steps, batch, units).transpose(0, 1).contiguous()
        states = torch.empty(networks, steps + 1, batch, units, device=self.device, dtype=self.narrow)
        slopes = torch.empty(networks, steps, batch, units, device=self.device)
        h = torch.zeros(networks, batch, units, device=self.device)
        states[:, 0] = h
        for t in range(steps):
            h, slope = self.forward_step(h, drive(t, h, w, x))
            states[:, t + 1], slopes[:, t] = h, slope
        after = states[:, 1:].flatten(1, 2)
        w_out = self.p["w_out"].to(self.narrow)
        error = torch.bmm(after, w_out).float().sub_(y.reshape(1, steps * batch, -1)).mul_(2 / y.numel())
        error = error.to(self.narrow)
        dh = torch.bmm(error, w_out.mT).view(networks, steps, batch, units)
        transposed = w.mT.contiguous()
        back = torch.zeros(networks, batch, units, device=self.device)
        for t in reversed(range(steps)):
            back, d = self.backward_step(back, dh[:, t], slopes[:, t])
            slopes[:, t] = d
            if self.narrow == torch.float32:
                back = torch.baddbmm(back, d, transposed, beta=1 - A)
            else:
                back = (1 - A) * back + torch.bmm(d.to(self.narrow), transposed).float()
        d = slopes.flatten(1, 2)
        narrow_d = d.to(self.narrow)
        expanded = u.reshape(1, steps * batch, -1).expand(networks, -1, -1)
        self.set_gradients(torch.bmm(states[:, :steps].flatten(1, 2).mT, narrow_d).float(),
                           torch.bmm(expanded.mT, d), d.sum(1, keepdim=True), torch.bmm(after.mT, error).float())

    def set_gradients(self, *gradients):
        for one, gradient in zip((self.p[name] for name in trials.PARTS), gradients):
            if one.grad is None:
                one.grad = gradient
            else:
                one.grad.copy_(gradient)

    def iteration(self):
        if self.device.type != "cuda":
            super().iteration()
            return
        if self.graph is None:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self.backward(self.u, self.y)
                    self.optimizer.step()
            torch.cuda.current_stream().wait_stream(side)
            torch.cuda.empty_cache()  # a graph has memory of its own
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.backward(self.u, self.y)
                self.optimizer.step()
        self.graph.replay()
        torch.cuda.synchronize()


class Cell(torch.nn.Module):
    def __init__(self, units):
        super().__init__()
        self.recurrent = torch.nn.Linear(units, units, bias=False)
        self.input = torch.nn.Linear(trials.INPUTS, units)
        self.readout = torch.nn.Linear(units, trials.OUTPUTS, bias=False)

    def forward(self, u):
        h = u.new_zeros(u.shape[1], self.recurrent.in_features)
        outputs = []
        for drive_of_step in self.input(u).unbind(0):
            h = torch.lerp(h, torch.tanh(self.recurrent(h) + drive_of_step), A)
            outputs.append(self.readout(h))
        return torch.stack(outputs)


class Loop:
    """One network after another."""

    def __init__(self, problem, device):
        self.networks = min(problem.networks, 4)
        self.device = device
        self.u, self.y = (torch.from_numpy(array).to(device) for array in (problem.inputs, problem.targets))
        self.cells = []
        for m in range(self.networks):
            cell = Cell(problem.units)
            for parameter, value in ((cell.recurrent.weight, problem.weights["w"][m].T),
                                     (cell.input.weight, problem.weights["w_in"][m].T),
                                     (cell.input.bias, problem.weights["b"][m][0]),
                                     (cell.readout.weight, problem.weights["w_out"][m].T)):
                parameter.data = torch.from_numpy(value.copy())
            self.cells.append(cell.to(device))
        self.optimizers = [torch.optim.Adam(cell.parameters(), lr=trials.RATE) for cell in self.cells]

    def backward(self, cell, steps):
        torch.nn.functional.mse_loss(cell(self.u[:steps]), self.y[:steps]).backward()

    def gradients(self, steps):
        answer = {name: [] for name in trials.PARTS}
        for cell, optimizer in zip(self.cells, self.optimizers):
            self.backward(cell, steps)
            for name, gradient in zip(trials.PARTS, (cell.recurrent.weight.grad.T, cell.input.weight.grad.T,
                                                     cell.input.bias.grad[None], cell.readout.weight.grad.T)):
                answer[name].append(gradient.cpu().numpy().copy())
            optimizer.zero_grad(set_to_none=True)
        return answer

    def iteration(self):
        for cell, optimizer in zip(self.cells, self.optimizers):
            optimizer.zero_grad(set_to_none=True)
            self.backward(cell, len(self.u))
            optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def make(form, precision, problem, threads):
    """threads 0: the GPU."""
    device = torch.device("cpu" if threads else "cuda")
    if threads:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    if form == "autograd":
        return Autograd(problem, precision, device)
    if form == "loop":
        return Loop(problem, device)
    return Manual(problem, precision, device, form == "compiled")


def main():
    forms = [form for form in FORMS if form != "compiled" or hasattr(torch, "compile")]
    facts = lambda gpu: {"device": torch.cuda.get_device_name() if gpu else "cpu",  # noqa: E731
                         "torch": torch.__version__, "cuda": torch.version.cuda if gpu else None}
    trials.run(__doc__, "bptt-torch", make, forms, torch.cuda.is_available, lambda form, cores: [(cores, 1)], facts)


if __name__ == "__main__":
    main()
