// SPDX-License-Identifier: MIT
// One network in detail: portrait, spectra, speed along the delay, phasic units, facts.
"use strict";

const colourOf = (index) => conclusionColours[((index % conclusionColours.length) + conclusionColours.length) % conclusionColours.length];

function portraitChart(place, network) {
  if (!network.paths) {
    return;
  }
  const memory = (i) => (network.delay.memories[i] >= 0 && network.delay.memories[i] !== undefined ? network.delay.memories[i] : i);
  const points = (curve) => curve.x.map((x, k) => ({ x, y: curve.y[k] }));
  const line = { showLine: true, pointRadius: 0, pointHitRadius: 0, quiet: true };
  const mark = (name, marks, style) => ({
    label: `${name} (${marks.length})`, data: marks.map((m) => ({ x: m.x, y: m.y, mark: m })), borderColor: css("--ink"), borderWidth: 1.5, pointRadius: 5, ...style,
  });
  const isSlow = (m) => m.label === "slow";
  const groups = [
    ["stable", network.marks.filter((m) => !isSlow(m) && m.unstable === 0), { backgroundColor: css("--ink") }],
    ["unstable", network.marks.filter((m) => !isSlow(m) && m.unstable !== 0), { backgroundColor: "transparent" }],
    ["slow", network.marks.filter(isSlow), { pointStyle: "crossRot", backgroundColor: "transparent" }],
  ].filter(([, marks]) => marks.length > 0);
  const share = (k) => (network.variance[k] === undefined || network.variance[k] === null ? "" : ` (${percent(network.variance[k])})`);
  addChart(place, "State space", {
    type: "scatter",
    data: { datasets: [
      ...groups.map(([name, marks, style]) => mark(name, marks, style)),
      ...network.orbits.map((orbit) => ({ ...line, data: points(orbit), borderColor: css("--ink"), borderWidth: 2.2 })),
      ...network.paths.map((path, i) => ({ ...line, data: points(path), borderColor: colourOf(memory(i)), borderWidth: 1.2 })),
      ...network.paths.map((path, i) => ({ ...line, data: points(path).slice(0, 1), pointRadius: 2.5, borderWidth: 0, backgroundColor: colourOf(memory(i)) })),
    ] },
    options: {
      plugins: { tooltip: { callbacks: { label: (item) => {
        const m = item.raw.mark;
        return m ? `${m.label}, ${m.unstable < 0 ? "unknown" : m.unstable} unstable, speed ${short(m.speed, 2)}` : "";
      } } } },
      scales: { x: axis(`PC 1${share(0)}`), y: axis(`PC 2${share(1)}`) },
    },
  });
}

function delaySpeedChart(place, network) {
  if (network.delay.speeds.length === 0) {
    return;
  }
  const floor = 1e-16;
  addChart(place, "Speed along the delay", {
    type: "line",
    data: { datasets: network.delay.speeds.map((values, i) => ({
      data: values.map((y, k) => ({ x: network.delay.times[k], y: y === null ? null : Math.max(y, floor) })),
      borderColor: colourOf(network.delay.memories[i] >= 0 ? network.delay.memories[i] : i), borderWidth: 1.2, pointRadius: 0,
    })) },
    options: {
      parsing: false, plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: { x: axis("time since the delay began (tau)", { type: "linear", min: 0 }), y: logarithmic("|dx/dt|") },
    },
  });
}

/// Units by how phasic they are: 0, the memory is in their mean over the delay; 1, all of their variance is over time.
function phasicChart(place, network) {
  const counts = network.phasic;
  if (counts.length === 0) {
    return;
  }
  addChart(place, "Tonic and phasic units", {
    type: "bar",
    data: { labels: counts.map((_, i) => short((i + 0.5) / counts.length, 2)), datasets: [{ data: counts, backgroundColor: mechanismColour[network.mechanism], categoryPercentage: 1, barPercentage: 0.95 }] },
    options: {
      plugins: { legend: { display: false } },
      scales: { x: axis(`phasic index of a unit (all units together: ${short(network.phasic_index)})`), y: axis("units", { min: 0 }) },
    },
  });
}

function networkFacts(network) {
  const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;
  const facts = [
    `${counted(network.roots, "fixed point", "fixed points")}, ${network.proved} proved; ${counted(network.slow_points, "slow point", "slow points")}. ${network.completeness}`,
    network.evidence,
    `${percent(network.robust)} of the moved thresholds leave the verdict as it is.`,
  ];
  if (network.limits) {
    facts.push(network.limits);
  }
  const attractors = network.attractors.map((attractor) => element("tr", {},
    element("td", { class: "text" }, label(attractor.kind)), element("td", {}, short(attractor.period, 4)), element("td", {}, short(attractor.flow_period, 4)),
    element("td", {}, String(attractor.memories)), element("td", {}, String(attractor.runs))));
  const head = ["attractor", "period (tau)", "of the flow (tau)", "memories that end here", "runs that end here"];
  return [...facts.map((fact) => element("p", {}, fact)),
    ...(attractors.length > 0 ? [element("table", {}, element("thead", {}, element("tr", {}, ...head.map((name, i) => element("th", i === 0 ? { class: "text" } : {}, name)))), element("tbody", {}, ...attractors))] : [])];
}

/// Shows a network in detail; returns false if the page has no details of it.
function showNetwork(uid) {
  const network = data.details.find((entry) => entry.uid === uid);
  if (!network) {
    return false;
  }
  const place = byId("network-detail");
  Object.values(Chart.instances).filter((chart) => place.contains(chart.canvas)).forEach((chart) => chart.destroy());
  const swept = network.swept.map(([key, value]) => `${key} ${value}`).join(", ");
  const charts = element("div", { class: "grid three" });
  place.replaceChildren(element("div", { class: "example" },
    element("h3", {}, element("span", { class: "dot", style: { background: mechanismColour[network.mechanism] } }), `${label(network.mechanism)}: ${network.uid}`),
    ...(swept ? [element("p", {}, swept)] : []), charts, ...networkFacts(network)));
  portraitChart(charts, network);
  spectrumChart(charts, network.spectra, network.map);
  delaySpeedChart(charts, network);
  phasicChart(charts, network);
  byId("network-choice").querySelector("select").value = uid;
  return true;
}

function oneNetwork() {
  if (data.details.length === 0) {
    byId("network").remove();
    document.querySelector('nav a[href="#network"]').remove();
    return;
  }
  byId("network-choice").append(element("label", {}, "Network ", element("select", { onchange: (event) => showNetwork(event.target.value) },
    ...data.details.map((network) => element("option", { value: network.uid }, `${label(network.mechanism)} · ${network.uid}`)))));
  showNetwork(data.details[0].uid);
}
