#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Batched FORCE in PyTorch: the published trial, P in full and rewritten at every update, float32, no TF32.

Every operation is one batched call for all networks; on a GPU a trial is one CUDA graph. P is updated by a batched
product (baddbmm) or by one pass over its elements (addcmul). Both are checked against numpy before they are timed.
Prints one JSON object per case and form.
"""
import sys

import torch

import published_trial as published

FORMS = ("baddbmm", "addcmul")


class Networks:
    """Tensors [group, member, ...]; P of both kinds [network, unit, unit]."""

    def __init__(self, population, device, form):
        self.population = population
        self.form = form
        self.device = device
        load = lambda array: torch.from_numpy(array).to(device)  # noqa: E731
        self.j = load(population.j)
        self.feedback = load(population.feedback).flatten(0, 1)
        self.drive = load(population.drive).flatten(0, 1)
        self.inputs = load(population.inputs)
        self.targets = torch.tensor(published.TARGETS, device=device)
        self.graph = None
        self.reset()

    def reset(self):
        units, networks = self.population.units, self.population.networks
        self.x = torch.from_numpy(self.population.x).to(self.device).flatten(0, 1).clone()
        self.r = torch.tanh(self.x)
        self.w = torch.zeros(networks, 3, units, device=self.device)
        self.z = torch.zeros(networks, 1, 3, device=self.device)
        self.p = [torch.eye(units, device=self.device).repeat(networks, 1, 1) for _ in published.OUTPUTS]

    def step(self, u):
        shape = self.population.j.shape[0], self.population.shared, self.population.units
        a = torch.bmm(self.r.view(shape), self.j).view_as(self.x)
        a = torch.baddbmm(a.unsqueeze(1), self.z, self.feedback).squeeze(1)
        if u is not None:
            a = a + torch.matmul(u, self.drive)
        self.x.lerp_(a, published.DT)  # x + dt (a - x)
        torch.tanh(self.x, out=self.r)
        torch.bmm(self.r.unsqueeze(1), self.w.mT, out=self.z)

    def update(self, learner):
        p, r = self.p[learner], self.r.unsqueeze(2)
        q = torch.bmm(p, r)
        k = q / (1 + torch.bmm(r.mT, q))
        if self.form == "baddbmm":
            p.baddbmm_(k, q.mT, alpha=-1)
        else:
            p.addcmul_(k, q.mT, value=-1)
        outputs = published.OUTPUTS[learner]
        first, last = min(outputs), max(outputs) + 1
        errors = self.z[:, 0, first:last] - self.targets[first:last]
        self.w[:, first:last].baddbmm_(errors.unsqueeze(2), k.mT, alpha=-1)

    def run(self, segments):
        t = 0
        for steps, learner, stimulus in segments:
            for i in range(steps):
                self.step(self.inputs[t] if stimulus else None)
                if learner is not None and i % 2 == 0:
                    self.update(learner)
                t += 1

    def segments(self, count):
        self.run(published.SEGMENTS[:count])
        shape = self.population.x.shape
        answer = self.x.view(shape).cpu().numpy(), self.w.view(*shape[:2], 3, shape[2]).cpu().numpy()
        self.reset()
        return answer

    def trial(self):
        if self.device.type != "cuda":
            self.run(published.SEGMENTS)
            return
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.run(published.SEGMENTS)
        self.graph.replay()
        torch.cuda.synchronize()


def main():
    arguments, cases = published.parse(__doc__)
    gpu = torch.cuda.is_available() and arguments.device != "cpu"
    if arguments.device == "gpu" and not gpu:
        sys.exit("force_torch: PyTorch finds no GPU")
    torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device("cuda" if gpu else "cpu")
    facts = {"device": torch.cuda.get_device_name() if gpu else f"cpu, {torch.get_num_threads()} thread(s)",
             "torch": torch.__version__, "cuda": torch.version.cuda}
    agree = True
    with torch.inference_mode():
        for sizes in cases:
            population = published.Population(*sizes)
            for form in FORMS:
                agree &= published.check_and_time(
                    "force-torch", population, Networks(population, device, form), arguments.seconds, form=form, **facts)
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
