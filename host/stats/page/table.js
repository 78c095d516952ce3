// SPDX-License-Identifier: MIT
// The sortable, filterable table of networks, and the map of two swept keys.
"use strict";

/// Pieces of a dotted key with a place to break the line after each dot.
const breakable = (name) => name.split(/(?<=\.)/).flatMap((part) => [part, element("wbr")]);

function networkTable(parent, table, mechanisms) {
  const pageSize = 50;
  const column = (name) => table.columns.indexOf(name);
  const state = { text: "", mechanism: "", status: "", sort: -1, falling: false, shown: pageSize };
  const isText = table.columns.map((name, i) => table.rows.some((row) => typeof row[i] === "string"));

  const matches = (row) =>
    (state.mechanism === "" || row[column("mechanism")] === state.mechanism) &&
    (state.status === "" || row[column("status")] === state.status) &&
    (state.text === "" || row.some((value) => value !== null && String(value).toLowerCase().includes(state.text)));

  // Empty values stand last whichever way the table is sorted.
  const blank = (value) => value === null || value === "";
  const compare = (a, b) => {
    const [x, y] = [a[state.sort], b[state.sort]];
    if (blank(x) || blank(y)) {
      return blank(x) - blank(y);
    }
    const order = x < y ? -1 : x > y ? 1 : 0;
    return state.falling ? -order : order;
  };

  const head = element("tr");
  const body = element("tbody");
  const count = element("span", { class: "hint" });
  const more = element("button", { type: "button", onclick: () => { state.shown *= 4; draw(); } });

  function cell(value, i) {
    const name = table.columns[i];
    if (name === "mechanism" && value) {
      return element("td", { class: "text" }, element("span", { class: "dot", style: { background: mechanismColour[value] } }), label(value));
    }
    if (name === "uid" && data.details.some((network) => network.uid === value)) {
      return element("td", { class: "uid text" }, element("a", { href: "#network", title: "Show this network in detail", onclick: () => showNetwork(value) }, value));
    }
    const kind = name === "uid" ? "uid text" : name === "evidence" ? "long text" : isText[i] ? "text" : "";
    const text = typeof value === "number" ? short(value, 4) : value === null ? "" : value;
    return element("td", name === "evidence" ? { class: kind, title: text } : { class: kind }, text);
  }

  function draw() {
    const rows = table.rows.filter(matches);
    if (state.sort >= 0) {
      rows.sort(compare);
    }
    const shown = rows.slice(0, state.shown);
    body.replaceChildren(...shown.map((row) => element("tr", {}, ...row.map(cell))));
    const beyond = table.networks - table.rows.length;
    count.textContent = `${shown.length} of ${rows.length} matching networks shown` +
      (rows.length > shown.length ? `, ${rows.length - shown.length} hidden` : "") +
      (beyond > 0 ? `; ${beyond} further networks are only in population.csv` : "");
    more.textContent = `Show ${Math.min(rows.length - shown.length, 3 * state.shown)} more`;
    more.style.display = rows.length > shown.length ? "" : "none";
    head.replaceChildren(...table.columns.map((name, i) => element("th", {
      class: `sortable ${isText[i] ? "text" : ""}`, title: "Sort by this column",
      onclick: () => {
        state.falling = state.sort === i && !state.falling;
        state.sort = i;
        draw();
      },
    }, ...breakable(label(name)), state.sort === i ? (state.falling ? " ↓" : " ↑") : "")));
  }

  const choice = (title, name, values) => element("label", {}, `${title} `, element("select", {
    onchange: (event) => { state[name] = event.target.value; state.shown = pageSize; draw(); },
  }, element("option", { value: "" }, "all"), ...values.map((value) => element("option", { value }, label(value)))));

  parent.append(
    element("div", { class: "controls" },
      element("input", {
        type: "search", placeholder: "Filter by any text", "aria-label": "Filter by any text",
        oninput: (event) => { state.text = event.target.value.toLowerCase(); state.shown = pageSize; draw(); },
      }),
      choice("Status", "status", ["trained", "diverged", "pending"]),
      choice("Mechanism", "mechanism", mechanisms.filter((name) => name !== "none")), count),
    element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), body)),
    element("p", {}, more));
  draw();
}

/// Cells of two axes of the sweep: share accepted, the same tuned over a third axis, or share of one
/// mechanism among the accepted.
function keyMap(parent, maps, mechanisms, tunedAxis) {
  if (maps.length === 0) {
    return;
  }
  const state = { map: 0, quantity: "accepted" };
  const place = element("div", { class: "scroll" });

  const shareOf = (cell) => {
    if (state.quantity === "accepted") {
      return [cell.accepted, cell.tested];
    }
    return [cell.count[state.quantity] || 0, cell.accepted];
  };

  function tunedCell(share) {
    if (!share || share[0] === null) {
      return element("td", { title: "no network to judge" }, "–");
    }
    const alpha = Math.round(20 + 150 * share[0]).toString(16).padStart(2, "0");
    return element("td", { style: { background: groupColour.accepted + alpha } }, percent(share[0]), element("small", {}, percentInterval(share)));
  }

  function tableCell(cell) {
    if (cell === null) {
      return element("td", {}, "");
    }
    if (state.quantity === "tuned") {
      return tunedCell(cell.tuned);
    }
    const [part, whole] = shareOf(cell);
    if (whole === 0) {
      return element("td", { title: "no network to judge" }, "–");
    }
    const share = part / whole;
    const colour = state.quantity === "accepted" ? groupColour.accepted : mechanismColour[state.quantity];
    const interval = state.quantity === "accepted" ? percentInterval(cell.share_accepted) : "";
    const alpha = Math.round(20 + 150 * share).toString(16).padStart(2, "0");
    return element("td", { style: { background: colour + alpha } }, interval || percent(share), element("small", {}, `${part} of ${whole}`));
  }

  function draw() {
    const map = maps[state.map];
    const withTuned = map.column_key === tunedAxis && state.quantity === "accepted";
    const head = element("tr", {}, element("th", {}, `${map.row_key} ↓  ${map.column_key} →`),
      ...map.columns.map((value) => element("th", {}, value)), ...(withTuned ? [element("th", {}, "tuned")] : []));
    const lines = map.rows.map((value, i) => element("tr", {}, element("th", {}, value), ...map.cells[i].map(tableCell),
      ...(withTuned ? [tunedCell(map.tuned_of_row[i])] : [])));
    place.replaceChildren(element("table", { class: "map" }, head, ...lines));
  }

  const option = (value, text) => element("option", { value }, text);
  const seen = mechanisms.filter((name) => maps.some((map) => map.cells.flat().some((cell) => cell && cell.count[name])));
  const tunes = maps.some((map) => map.cells.flat().some((cell) => cell && cell.tuned));
  const byTuned = maps.some((map) => map.column_key === tunedAxis);
  parent.append(element("h3", { style: { marginTop: "22px" } }, "Two keys at once"));
  if (tunes || byTuned) {
    parent.append(element("p", { class: "hint" }, `Tuned: the ${tunedAxis} that is best on every other replicate, judged on the replicates between them, and the other way round.`));
  }
  parent.append(element("div", { class: "controls" },
    element("label", {}, "Keys ", element("select", { onchange: (event) => { state.map = Number(event.target.value); draw(); } },
      ...maps.map((map, i) => option(i, `${map.row_key} and ${map.column_key}`)))),
    element("label", {}, "Colour ", element("select", { onchange: (event) => { state.quantity = event.target.value; draw(); } },
      option("accepted", "share accepted"), ...(tunes ? [option("tuned", `share accepted, tuned over ${tunedAxis}`)] : []), ...seen.map((name) => option(name, name === "none" ? "accepted, not analysed yet" : `${label(name)} among accepted`))))), place);
  draw();
}
