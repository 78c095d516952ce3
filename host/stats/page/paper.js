// SPDX-License-Identifier: MIT
// A paper's claims with the figures that go with them, learning signals, and trends over swept keys.
"use strict";

const removeSection = (id) => {
  byId(id).remove();
  document.querySelector(`nav a[href="#${id}"]`).remove();
};

const tableOf = (head, rows) =>
  element("table", { class: "text" },
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", {}, name)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))))));

function claims() {
  const paper = data.paper;
  if (!paper) {
    removeSection("claims");
    return;
  }
  byId("claims-title").textContent = `Claims of ${paper.paper}`;
  byId("claims-table").append(tableOf(
    ["what the paper says", "tested", "measured", "p (Holm)", "verdict"],
    paper.claims.map((claim) => [
      claim.statement,
      claim.hypothesis,
      element("div", {}, `${claim.effect}: ${medianInterval([claim.estimate, claim.low, claim.high])}, null ${claim.null}`,
        element("small", {}, claim.measured)),
      short(claim.holm_p, 2),
      element("div", {}, element("b", { class: claim.verdict.startsWith("undecided") ? "" : claim.verdict }, claim.verdict),
        ...[claim.power, claim.sensitivity].filter(Boolean).map((text) => element("small", {}, text))),
    ])));
  const place = byId("claims-charts");
  if (paper.signals) {
    familySignals(place, paper.signals);
  }
  solvedByInitialisation(place);
  if (paper.headings) {
    headings(place, paper.headings);
  }
}

const familyColour = (index) => `hsl(${Math.round((index * 137.5) % 360)}, 60%, 45%)`;

function familySignals(place, families) {
  addChart(place, "Learning signals before training, by family of networks", {
    type: "line",
    data: { datasets: families.map((family, i) => ({
      label: `${family.name} (${family.persisting} of ${family.systems} persist)`, borderColor: familyColour(i), backgroundColor: familyColour(i),
      borderWidth: 2, pointRadius: 0, data: family.lags.map((lag, k) => ({ x: lag, y: Math.max(family.median[k], -20) })),
    })) },
    options: {
      parsing: false, normalized: true, interaction: { mode: "nearest", intersect: false },
      scales: { x: axis("lag (tau)", { type: "linear", min: 0 }), y: axis("log10 of the adjoint's norm, median", { min: -20 }) },
    },
  });
}

/// Share solved against task and delay, per initialisation: tuned shares where rates were swept.
function solvedByInitialisation(place) {
  const map = data.maps.find((m) => m.row_key.includes("network.init") && m.column_key.includes("task.kind"));
  if (!map) {
    return;
  }
  const shares = map.cells.map((row) => row.map((cell) => (cell ? cell.tuned || cell.share_accepted : null)));
  const known = (share) => share && share[0] !== null;
  addChart(place, "Share solved, by task and delay", {
    type: "bar",
    data: { labels: map.columns, datasets: map.rows.map((name, i) => ({
      label: name, backgroundColor: conclusionColours[i % conclusionColours.length], maxBarThickness: 22,
      data: shares[i].map((share) => (known(share) ? 100 * share[0] : null)),
      intervals: shares[i].map((share) => (known(share) ? [100 * share[1], 100 * share[2]] : null)),
    })) },
    options: { scales: { x: axis(map.column_key), y: axis("% solved", { min: 0, max: 100 }) } },
  });
}

function headings(place, result) {
  const kinds = { state_noise: "noise on every state", weights: "noise on every weight", new_weights: "noise on every entry of the matrix" };
  for (const [kind, title] of Object.entries(kinds)) {
    const curves = result.curves.filter((curve) => curve.perturbation === kind);
    if (curves.length === 0) {
      continue;
    }
    const largest = Math.max(...curves.map((curve) => curve.size));
    const datasets = curves.filter((curve) => curve.size === largest).flatMap((curve) =>
      band(curve.network, curve.network === "ring" ? "#d55e00" : "#0072b2", curve.times, { low: curve.low, median: curve.error, high: curve.high }, 0));
    addChart(place, `Held headings under ${title}, size ${largest}`, {
      type: "line", data: { datasets },
      options: {
        parsing: false, normalized: true, interaction: { mode: "index", intersect: false },
        scales: { x: axis("time (tau)", { type: "linear", min: 0 }), y: axis("error, rad (RMS over headings)", { min: 0 }) },
      },
    });
  }
}

function signals() {
  if (!data.signals) {
    removeSection("signals");
    return;
  }
  const datasets = data.mechanisms.filter((name) => name in data.signals.mechanisms).flatMap((name) => {
    const group = data.signals.mechanisms[name];
    return band(`${label(name)} (${group.networks})`, mechanismColour[name], data.signals.lag, group, 1e-12);
  });
  addChart(byId("signal-curves"), "Adjoint's norm against lag", {
    type: "line", data: { datasets },
    options: {
      parsing: false, normalized: true, interaction: { mode: "index", intersect: false },
      scales: { x: axis("lag (tau)", { type: "linear", min: 0 }), y: logarithmic("norm") },
    },
  });
}

function trends() {
  const rows = data.trends.flatMap((outcome) => outcome.trends.map((trend) => [
    label(outcome.outcome), `${outcome.events} of ${outcome.networks}`, `${trend.key}${trend.log ? " (log)" : ""}`,
    `${short(trend.from)} to ${short(trend.to)}`, medianInterval(trend.odds_ratio), short(trend.p, 2),
  ]));
  if (rows.length === 0) {
    byId("trends").remove();
    return;
  }
  byId("trends").append(
    element("h3", {}, "Trends"),
    element("p", { class: "hint" }, "Odds at the largest value of a key over those at the smallest, all other keys held: Firth's logistic regression, intervals that hold if networks of a replicate are alike."),
    tableOf(["odds of", "networks", "key", "range", "odds ratio", "p"], rows));
}
