// SPDX-License-Identifier: MIT
// Chart helpers: colours, error bars, bands, and the page's small DOM builder.
"use strict";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// Colours of mechanisms: the palette of Okabe and Ito, told apart by most colour-blind readers.
const mechanismColour = {
  direct: "#0072b2", slow_manifold: "#e69f00", limit_cycle: "#009e73", torus: "#56b4e9",
  mixed: "#cc79a7", chaotic: "#d55e00", far: "#7a7f87", undecided: "#8c6d46", none: "#b4bac4",
};
const conclusionColours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7f87", "#111827"];
const groupColour = { accepted: "#0072b2", "not accepted": "#d55e00", diverged: "#7a7f87" };

/// element("p", {class: "hint"}, "text", child, ...). Text is set as text, never parsed as HTML.
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") {
      Object.assign(node.style, value);
    } else if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else {
      node.setAttribute(name, value);
    }
  }
  for (const child of children) {
    node.append(child);
  }
  return node;
}

const byId = (id) => document.getElementById(id);
const empty = (text) => element("p", { class: "empty" }, text);
/// Names of mechanisms and columns in plain words; dotted keys stay as they are written in configurations.
const label = (name) => (name.includes(".") ? name : name.replaceAll("_", " "));

/// 12.3, 0.00123, 1.2e-9: at most `digits` significant digits.
function short(value, digits = 3) {
  if (value === null || value === undefined) {
    return "–";
  }
  if (typeof value !== "number") {
    return String(value);
  }
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(Math.max(digits - 2, 0))
                                                  : String(Number(value.toPrecision(digits)));
}
const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)} %`);
/// Interval [estimate, low, high] of a share.
const percentInterval = (share) =>
  share[0] === null ? "–" : `${percent(share[0])} [${Math.round(100 * share[1])}, ${Math.round(100 * share[2])}]`;
const medianInterval = (value) =>
  value[0] === null ? "–" : `${short(value[0])} [${short(value[1])}, ${short(value[2])}]`;

/// Draws dataset.intervals[i] = [low, high] (or null) over the i-th bar or point.
const errorBars = {
  id: "errorBars",
  afterDatasetsDraw(chart) {
    const context = chart.ctx;
    chart.data.datasets.forEach((dataset, index) => {
      if (!dataset.intervals || !chart.isDatasetVisible(index)) {
        return;
      }
      const scale = chart.scales.y;
      context.save();
      context.strokeStyle = css("--ink");
      context.globalAlpha = 0.75;
      context.lineWidth = 1.4;
      chart.getDatasetMeta(index).data.forEach((item, i) => {
        const interval = dataset.intervals[i];
        if (!interval) {
          return;
        }
        const low = scale.getPixelForValue(interval[0]);
        const high = scale.getPixelForValue(interval[1]);
        const cap = Math.min(5, (item.width || 12) / 3);
        context.beginPath();
        context.moveTo(item.x, low);
        context.lineTo(item.x, high);
        for (const y of [low, high]) {
          context.moveTo(item.x - cap, y);
          context.lineTo(item.x + cap, y);
        }
        context.stroke();
      });
      context.restore();
    });
  },
};

/// Draws options.plugins.guides.lines: [{x} or {y} or {circle: radius}], in data coordinates.
const guides = {
  id: "guides",
  beforeDatasetsDraw(chart, _, options) {
    const { ctx: context, chartArea: area, scales } = chart;
    context.save();
    context.beginPath();
    context.rect(area.left, area.top, area.width, area.height);
    context.clip();
    context.strokeStyle = css("--soft");
    context.setLineDash([5, 4]);
    for (const line of options.lines || []) {
      context.beginPath();
      if (line.circle) {
        const centreX = scales.x.getPixelForValue(0);
        const centreY = scales.y.getPixelForValue(0);
        context.ellipse(centreX, centreY, Math.abs(scales.x.getPixelForValue(line.circle) - centreX),
          Math.abs(scales.y.getPixelForValue(line.circle) - centreY), 0, 0, 2 * Math.PI);
      } else {
        const x = scales.x.getPixelForValue(line.x);
        context.moveTo(x, area.top);
        context.lineTo(x, area.bottom);
      }
      context.stroke();
    }
    context.restore();
  },
};

function prepareCharts() {
  Chart.register(errorBars, guides);
  Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false, color: css("--soft"), borderColor: css("--grid") });
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Object.assign(Chart.defaults.plugins.legend.labels, {
    boxWidth: 12, boxHeight: 12, filter: (item, data) => !data.datasets[item.datasetIndex].quiet,
  });
  Chart.defaults.plugins.tooltip.filter = (item) => !item.dataset.quiet;
}

/// A titled chart inside `parent`.
function addChart(parent, title, config) {
  const canvas = element("canvas", { role: "img", "aria-label": title });
  parent.append(element("div", { class: "chart" }, element("h3", {}, title), element("div", { class: "canvas" }, canvas)));
  return new Chart(canvas, config);
}

const axis = (title, more) => ({ title: { display: true, text: title }, ...more });

/// At most nine powers of ten as ticks, so that logarithmic axes over many decades stay readable.
const logarithmic = (title, more) => axis(title, {
  type: "logarithmic",
  afterBuildTicks: (scale) => {
    const low = Math.floor(Math.log10(scale.min));
    const high = Math.ceil(Math.log10(scale.max));
    const step = Math.ceil((high - low) / 8);
    scale.ticks = [];
    for (let exponent = high; exponent >= low; exponent -= Math.max(step, 1)) {
      scale.ticks.unshift({ value: Number(`1e${exponent}`) });
    }
  },
  ticks: { callback: (value) => (value >= 1e-3 && value < 1e4 ? String(value) : `1e${Math.round(Math.log10(value))}`), autoSkip: false },
  ...more,
});

/// Median line and quartile shade. Values at or below `floor` are drawn at it; null leaves a gap.
function band(name, colour, x, curve, floor) {
  const points = (values) => values.map((y, i) => ({ x: x[i], y: y === null ? null : Math.max(y, floor) }));
  const edge = { borderWidth: 0, pointRadius: 0, pointHitRadius: 0, quiet: true };
  return [
    { label: `${name} low`, data: points(curve.low), ...edge },
    { label: `${name} high`, data: points(curve.high), ...edge, fill: "-1", backgroundColor: `${colour}2e` },
    { label: name, data: points(curve.median), borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: 0 },
  ];
}
