// SPDX-License-Identifier: MIT
// Fills the page from the data embedded in it.
"use strict";

const data = JSON.parse(byId("data").textContent);

const explanation = {
  direct: "Each memory rests at a fixed point of its own.",
  slow_manifold: "The memory travels along a slow path; paths merge later, so it fades with time.",
  limit_cycle: "The memory rides on a periodic oscillation.",
  torus: "The memory rides on a quasi-periodic oscillation of two or more frequencies.",
  mixed: "Some memories settle at fixed points, others keep moving.",
  chaotic: "Activity never repeats: the largest Lyapunov exponent is positive.",
  undecided: "The memory keeps moving, on a torus or in weak chaos: its exponents are too near zero to tell.",
  far: "Left alone, the output runs far away from the values used in the task.",
  none: "Accepted and not analysed yet.",
};

function headline() {
  const all = data.all;
  const judged = all.networks - all.pending;
  const tile = (value, name, more) => element("div", { class: "tile" }, element("b", {}, String(value)), element("span", {}, name), element("small", {}, more || ""));
  byId("tiles").append(
    tile(all.networks, "networks", data.runs > 1 ? `in ${data.runs} run directories` : ""),
    tile(all.trained, "trained", all.diverged > 0 ? `and ${all.diverged} diverged` : "none diverged"),
    tile(all.accepted, "accepted", judged > 0 ? `${percentInterval(all.share_accepted)} of ${judged}` : "none judged yet"),
    tile(data.analysed, "analysed", all.accepted > data.analysed ? `${all.accepted - data.analysed} still to do` : all.accepted > 0 ? "all that were accepted" : ""),
    tile(medianInterval(all.median_error).split(" ")[0], "median error", "of the response, trained networks"),
    tile(all.pending, "pending", all.pending > 0 ? "the run is not finished" : "the run is finished"));
  byId("lead").textContent =
    `A population of ${all.networks} small recurrent networks: each is trained, tested, and watched while it remembers. ` +
    "Networks that diverged or failed the test stay in every count: the share accepted is of all networks that are not pending.";
  for (const note of data.notes) {
    byId("notes").append(element("p", { class: "notice" }, note));
  }
}

function mechanisms() {
  const all = data.all;
  if (all.accepted === 0) {
    byId("strip").remove();
    byId("verdicts").replaceWith(empty("No network has been accepted" + (all.pending > 0 ? " so far." : ".")));
    return;
  }
  for (const name of data.mechanisms) {
    const count = all.count[name] || 0;
    if (count > 0) {
      byId("strip").append(element("div", { style: { flexGrow: count, flexBasis: 0, background: mechanismColour[name] }, title: label(name) },
        count / all.accepted > 0.04 ? String(count) : ""));
    }
    if (name === "none" && count === 0) {
      continue;
    }
    byId("verdicts").append(element("div", { class: count > 0 ? "verdict" : "verdict unseen", style: { borderColor: mechanismColour[name] } },
      element("h3", {}, name === "none" ? "not analysed yet" : label(name)),
      element("b", {}, count > 0 ? `${count} · ${percentInterval(all.share[name])}` : "not seen"), element("p", {}, explanation[name])));
  }
  if (data.searches) {
    byId("verdicts").after(element("p", {}, data.searches));
  }
}

function curves() {
  const place = byId("curves");
  if (!data.curves || Object.keys(data.curves.kinds).length === 0) {
    place.replaceWith(empty("No training curve yet: no network has finished."));
    return;
  }
  const title = { response: "Response (z_o)", memory: "Memory (z_d)", outputs: "All outputs", loss: "Loss" };
  const others = Object.keys(data.curves.kinds).filter((name) => !(name in title));
  for (const kind of [...Object.keys(title), ...others].filter((name) => name in data.curves.kinds)) {
    const groups = data.curves.kinds[kind];
    const datasets = Object.keys(groupColour).filter((name) => name in groups).flatMap((name) =>
      band(`${name} (${groups[name].networks})`, groupColour[name], data.curves.trial, groups[name], 1e-9));
    const bins = data.curves.trials_per_bin;
    const round = kind === "loss" ? "iteration" : "trial";
    addChart(place, title[kind] ?? kind, {
      type: "line", data: { datasets },
      options: {
        parsing: false, normalized: true, interaction: { mode: "index", intersect: false },
        scales: { x: axis(bins > 1 ? `${round} (bins of ${bins})` : round, { type: "linear", min: 0 }), y: logarithmic(kind === "loss" ? "loss" : "RMS error") },
      },
    });
  }
}

function seenMechanisms() {
  return data.mechanisms.filter((name) => data.all.count[name]);
}

function acceptanceChart(place, entry) {
  const values = entry.values;
  const shares = values.map((row) => row.share_accepted);
  addChart(place, "Share accepted", {
    type: "bar",
    data: {
      labels: values.map((row) => row.value),
      datasets: [{
        label: "accepted", data: shares.map((share) => (share[0] === null ? null : 100 * share[0])), backgroundColor: `${groupColour.accepted}b0`,
        intervals: shares.map((share) => (share[0] === null ? null : [100 * share[1], 100 * share[2]])), maxBarThickness: 56,
      }],
    },
    options: {
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: (item) => {
          const row = values[item.dataIndex];
          return `${row.accepted} of ${row.networks - row.pending}: ${percentInterval(row.share_accepted)}`;
        } } },
      },
      scales: { x: axis(entry.key), y: axis("% of networks that are not pending", { min: 0, max: 100 }) },
    },
  });
}

function mechanismChart(place, entry, stacked) {
  const values = entry.values;
  const datasets = seenMechanisms().map((name) => ({
    label: name === "none" ? "not analysed yet" : label(name), name, backgroundColor: mechanismColour[name],
    data: values.map((row) => (row.accepted > 0 ? 100 * row.share[name][0] : null)), maxBarThickness: stacked ? 56 : 22,
    intervals: stacked ? null : values.map((row) => (row.accepted > 0 ? [100 * row.share[name][1], 100 * row.share[name][2]] : null)),
  }));
  addChart(place, "Mechanisms among accepted networks", {
    type: "bar",
    data: { labels: values.map((row) => row.value), datasets },
    options: {
      plugins: { tooltip: { callbacks: { label: (item) => {
        const row = values[item.dataIndex];
        return `${item.dataset.label}: ${row.count[item.dataset.name] || 0} of ${row.accepted}: ${percentInterval(row.share[item.dataset.name])}`;
      } } } },
      scales: { x: axis(entry.key, { stacked }), y: axis("% of accepted networks", { min: 0, max: 100, stacked }) },
    },
  });
}

/// "estimate [low, high]" with the interval in small print below.
function twoLines(text) {
  const bracket = text.indexOf(" [");
  return bracket < 0 ? text : element("span", {}, text.slice(0, bracket), element("small", {}, text.slice(bracket + 1)));
}

/// Counts and shares per value; columns that are zero everywhere are left out.
function keyTable(entry) {
  const columns = [
    [entry.key, (row) => row.value || "all"],
    ["networks", (row) => row.networks],
    ...["pending", "diverged"].filter((name) => data.all[name] > 0).map((name) => [name, (row) => row[name]]),
    ["accepted", (row) => row.accepted],
    ["share accepted", (row) => twoLines(percentInterval(row.share_accepted))],
    ["median error", (row) => twoLines(medianInterval(row.median_error))],
    ...seenMechanisms().map((name) => [name === "none" ? "not analysed yet" : label(name),
      (row) => (row.accepted > 0 ? twoLines(percentInterval(row.share[name])) : "–")]),
  ];
  const kind = (i) => (i === 0 ? { class: "text" } : {});
  const line = (row) => element("tr", {}, ...columns.map(([, text], i) => element("td", kind(i), text(row))));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...columns.map(([name], i) => element("th", kind(i), name)))),
    element("tbody", {}, ...entry.values.map(line), line(data.all)));
}

function sweep() {
  if (data.by_key.length === 0) {
    byId("sweep-charts").replaceWith(empty("The configuration sweeps no key."));
    return;
  }
  const state = { key: 0, style: "auto" };
  function draw() {
    const entry = data.by_key[state.key];
    const place = byId("sweep-charts");
    Object.values(Chart.instances).filter((chart) => place.contains(chart.canvas)).forEach((chart) => chart.destroy());
    place.replaceChildren();
    if (data.all.networks > data.all.pending) {
      acceptanceChart(place, entry);
    }
    if (data.all.accepted > 0) {
      const bars = entry.values.length * seenMechanisms().length;
      mechanismChart(place, entry, state.style === "stacked" || (state.style === "auto" && bars > 40));
    }
    byId("sweep-table").replaceChildren(keyTable(entry));
  }
  byId("sweep-controls").append(
    element("label", {}, "Key ", element("select", { onchange: (event) => { state.key = Number(event.target.value); draw(); } },
      ...data.by_key.map((entry, i) => element("option", { value: i }, entry.key)))),
    element("label", {}, "Mechanisms ", element("select", { onchange: (event) => { state.style = event.target.value; draw(); } },
      element("option", { value: "auto" }, "automatic"), element("option", { value: "grouped" }, "side by side, with intervals"), element("option", { value: "stacked" }, "stacked"))));
  draw();
  keyMap(byId("map"), data.maps, data.mechanisms, data.tuned_axis);
}

function slowness() {
  const groups = data.slowness.mechanisms;
  const names = data.mechanisms.filter((name) => name in groups);
  if (names.length === 0) {
    byId("speeds").replaceWith(empty("No network has been analysed" + (data.all.pending > 0 ? " so far." : ".")));
    return;
  }
  const floor = 1e-16;
  addChart(byId("speeds"), `Speed against delay (values below ${floor} are drawn there)`, {
    type: "line",
    data: { datasets: names.flatMap((name) => band(`${label(name)} (${groups[name].networks})`, mechanismColour[name], data.slowness.delay, groups[name], floor)) },
    options: {
      parsing: false, normalized: true, interaction: { mode: "index", intersect: false }, elements: { point: { radius: 3 } },
      scales: { x: axis("delay (trial lengths)", { type: "linear", min: 0 }), y: logarithmic("speed") },
    },
  });
}

function exampleCharts(place, example) {
  const times = example.outputs[0].map((_, i) => i * example.interval);
  const line = (c, more) => ({
    label: `conclusion ${c + 1}`, borderColor: conclusionColours[c % conclusionColours.length],
    backgroundColor: conclusionColours[c % conclusionColours.length], borderWidth: 1.3, pointRadius: 0, ...more,
  });
  const plain = { plugins: { legend: { display: false }, tooltip: { enabled: false } } };
  addChart(place, "Readout z in the delay", {
    type: "line",
    data: { datasets: example.outputs.map((values, c) => line(c, { data: values.map((y, i) => ({ x: times[i], y })) })) },
    options: { ...plain, scales: { x: axis("time (tau)", { type: "linear" }), y: axis("z") } },
  });
  if (example.components[0].length >= 2) {
    const share = (k) => (example.variance[k] === undefined || example.variance[k] === null ? "" : ` (${percent(example.variance[k])})`);
    addChart(place, "Rates, first two principal components", {
      type: "scatter",
      data: { datasets: example.components.flatMap((path, c) => [
        line(c, { showLine: true, data: path[0].map((x, i) => ({ x, y: path[1][i] })) }),
        line(c, { pointRadius: 4, data: [{ x: path[0][path[0].length - 1], y: path[1][path[1].length - 1] }] }),
      ]) },
      options: { ...plain, scales: { x: axis(`PC 1${share(0)}`), y: axis(`PC 2${share(1)}`) } },
    });
  }
  spectrumChart(place, example.points.filter((point) => point.re.length > 0), example.map);
}

function spectrumChart(place, points, isMap) {
  if (points.length > 0) {
    addChart(place, isMap ? "Eigenvalues of the map" : "Eigenvalues of the flow (1/tau)", {
      type: "scatter",
      data: { datasets: points.map((point, i) => ({
        label: `point ${i + 1}`,
        data: point.re.map((x, k) => ({ x, y: point.im[k] })), pointRadius: 2.2, backgroundColor: `${conclusionColours[i % conclusionColours.length]}b0`,
        borderWidth: 0,
      })) },
      options: {
        plugins: {
          guides: { lines: isMap ? [{ circle: 1 }] : [{ x: 0 }] }, legend: { display: points.length > 1 && points.length <= 8 },
          tooltip: { callbacks: { label: (item) => `${short(item.parsed.x)} ${item.parsed.y < 0 ? "−" : "+"} ${short(Math.abs(item.parsed.y))} i` } },
        },
        scales: { x: axis("real part"), y: axis("imaginary part") },
      },
    });
    place.lastChild.append(...points.map((point, i) => element("div", { class: "caption" },
      `Point ${i + 1}: ${point.label}, ${point.unstable} unstable, speed ${short(point.speed, 2)}` +
      (point.reached_from.length > 0 ? `, from conclusion ${point.reached_from.map((c) => c + 1).join(", ")}` : ""))));
  }
}

function examples() {
  const place = byId("example-list");
  if (data.examples.length === 0) {
    place.replaceWith(empty("No examples: no network has been analysed" + (data.all.pending > 0 ? " so far." : ".")));
    return;
  }
  for (const example of data.examples) {
    const swept = (example.swept || []).map(([key, value]) => `${key} ${value}`).join(", ");
    const facts = [`network ${example.uid}${swept ? ` (${swept})` : ""}`];
    if (example.evidence) {
      facts.push(example.evidence);
    }
    const charts = element("div", { class: "grid three" });
    place.append(element("div", { class: "example" },
      element("h3", {}, element("span", { class: "dot", style: { background: mechanismColour[example.mechanism] } }), label(example.mechanism)),
      element("p", {}, facts.join(" · ")), charts));
    exampleCharts(charts, example);
  }
}

function behaviour() {
  const place = byId("behaviour-charts");
  if (!data.behaviour) {
    byId("behaviour").remove();
    document.querySelector('nav a[href="#behaviour"]').remove();
    return;
  }
  const chart = (title, groups, x, xAxis, more) => {
    const names = data.mechanisms.filter((name) => name in groups);
    if (names.length === 0) {
      return;
    }
    addChart(place, title, {
      type: "line",
      data: { datasets: names.flatMap((name) => band(`${label(name)} (${groups[name].networks})`, mechanismColour[name], x(groups[name]), groups[name], 0)
        .map((line) => ({ ...line, ...more }))) },
      options: {
        parsing: false, normalized: true, interaction: { mode: "nearest", intersect: false },
        scales: { x: xAxis, y: axis("share of networks", { min: 0, max: 1 }) },
      },
    });
  };
  const sigmas = axis("noise on the stimulus, sigma", { type: "linear", min: 0 });
  chart("Survival of memories", data.behaviour.survival, (group) => group.times, axis("extra delay (tau)", { type: "linear", min: 0 }), { stepped: true });
  chart("Noise with a bias", data.behaviour.biased, () => data.behaviour.sigmas, sigmas, {});
  chart("Noise around zero", data.behaviour.centred, () => data.behaviour.sigmas, sigmas, {});
}

function configuration() {
  byId("config").textContent = data.config;
  for (const manifest of data.manifests) {
    const facts = manifest.entries.map(([name, value]) => `${name} ${value}`).join(" · ");
    byId("manifest").append(element("p", {}, element("b", {}, manifest.folder), facts ? `: ${facts}` : ": no manifest.json"));
  }
}

prepareCharts();
headline();
claims();
mechanisms();
curves();
sweep();
trends();
slowness();
signals();
examples();
behaviour();
oneNetwork();
networkTable(byId("table"), data.table, data.mechanisms);
configuration();
document.documentElement.dataset.readyAfter = String(Math.round(performance.now()));  // ms since it was opened
document.documentElement.dataset.ready = "true";
