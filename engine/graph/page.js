"use strict";

const element = (id) => document.getElementById(id);
const stage = element("stage");
const details = element("details");
const drawings = [...stage.querySelectorAll("svg")];
const data = JSON.parse(element("data").textContent);

const SMALLEST = 0.05;
const LARGEST = 6;
const READABLE = 0.6;
const CLICK = 5;

let shown = 0;
let selected = null;

// Of each drawing the part that is seen: its middle, and pixels of the screen for one of the drawing.
const views = drawings.map(() => null);
const sizes = drawings.map((drawing) => drawing.viewBox.baseVal).map(({ x, y, width, height }) => ({ x, y, width, height }));

const drawing = () => drawings[shown];
const nodes = () => [...drawing().querySelectorAll("[data-node]")];
const nodeNamed = (name) => drawing().querySelector(`[data-node="${name}"]`);

function show() {
  const { x, y, scale } = views[shown];
  const width = stage.clientWidth / scale;
  const height = stage.clientHeight / scale;
  drawing().setAttribute("viewBox", `${x - width / 2} ${y - height / 2} ${width} ${height}`);
}

function fit() {
  const { x, y, width, height } = sizes[shown];
  const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height, 1.5);
  views[shown] = { x: x + width / 2, y: y + height / 2, scale };
  show();
}

// As large as it can be read, with the result at the top.
function begin() {
  const { x, y, width, height } = sizes[shown];
  const scale = Math.min(Math.max(stage.clientWidth / width, READABLE), 1);
  const box = nodeNamed(0).getBBox();
  const middle = width * scale <= stage.clientWidth ? x + width / 2 : box.x + box.width / 2;
  const seen = stage.clientHeight / scale;
  views[shown] = { x: middle, y: y + (height < seen ? height : seen) / 2, scale };
  show();
}

function move(right, down) {
  const view = views[shown];
  view.x -= right / view.scale;
  view.y -= down / view.scale;
  show();
}

// The point of the drawing below a point of the screen stays where it is.
function zoom(factor, at) {
  const view = views[shown];
  const area = stage.getBoundingClientRect();
  const right = at ? at.x - area.left - area.width / 2 : 0;
  const down = at ? at.y - area.top - area.height / 2 : 0;
  const scale = Math.min(Math.max(view.scale * factor, SMALLEST), LARGEST);
  view.x += right / view.scale - right / scale;
  view.y += down / view.scale - down / scale;
  view.scale = scale;
  show();
}

function bring(node) {
  const box = node.getBBox();
  const view = views[shown];
  const halves = { x: stage.clientWidth / view.scale / 2, y: stage.clientHeight / view.scale / 2 };
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  for (const way of ["x", "y"]) {
    const half = way === "x" ? box.width / 2 : box.height / 2;
    if (Math.abs(middle[way] - view[way]) + half > halves[way]) view[way] = middle[way];
  }
  show();
}

function make(kind, text, parent) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function table(rows, isHeaded, parent) {
  const body = make("tbody", undefined, make("table", undefined, parent));
  for (const cells of rows) {
    const row = make("tr", undefined, body);
    cells.forEach((cell, number) => make(isHeaded && number === 0 ? "th" : "td", cell, row));
  }
}

// On a logarithmic scale, as what vanishes or explodes does so by factors.
function bars(values, parent) {
  const logarithms = values.map((value) => (value > 0 ? Math.log10(value) : null));
  const known = logarithms.filter((value) => value !== null);
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const chart = make("div", undefined, parent);
  chart.className = "bars";
  values.forEach((value, number) => {
    const bar = make("span", undefined, chart);
    bar.style.height = logarithms[number] === null ? "0" : `${8 + (92 * (logarithms[number] - least)) / span}%`;
    bar.title = `${number + 1}: ${value}`;
  });
}

function describe(name) {
  const about = element("about");
  const known = data.drawings[shown][name];
  about.replaceChildren();
  make("h2", known.title, about);
  make("p", known.place, about);
  table(known.rows, true, about);
  if (known.saved.length) {
    make("h3", "Saved for the backward pass", about);
    table(known.saved, false, about);
  }
  if (known.norms.length > 1) {
    make("h3", "Norm of the gradient, from the first repetition to the last (logarithmic)", about);
    bars(known.norms, about);
  }
}

function select(node) {
  for (const other of stage.querySelectorAll(".selected, .lit")) other.classList.remove("selected", "lit");
  selected = node && data.drawings[shown][node.dataset.node] ? node : null;
  details.classList.toggle("open", Boolean(selected));
  if (!selected) return;
  const name = selected.dataset.node;
  selected.classList.add("selected");
  for (const arrow of drawing().querySelectorAll(`[data-from="${name}"], [data-to="${name}"]`)) arrow.classList.add("lit");
  describe(name);
  bring(selected);
}

let matches = [];
let match = -1;

function search() {
  const wanted = element("search").value.trim().toLowerCase();
  matches = [];
  match = -1;
  for (const node of nodes()) {
    const known = data.drawings[shown][node.dataset.node];
    const isFound = Boolean(wanted) && Boolean(known) && known.words.toLowerCase().includes(wanted);
    node.classList.toggle("found", isFound);
    if (isFound) matches.push(node);
  }
  stage.classList.toggle("searching", Boolean(wanted));
  element("matches").textContent = wanted ? `${matches.length} found` : "";
}

function nextMatch() {
  if (!matches.length) return;
  match = (match + 1) % matches.length;
  element("matches").textContent = `${match + 1} of ${matches.length}`;
  select(matches[match]);
}

function turnTo(number) {
  select(null);
  shown = number;
  drawings.forEach((each, other) => each.toggleAttribute("hidden", other !== shown));
  element("unfold").setAttribute("aria-pressed", String(shown === 1));
  views[shown] ? show() : begin();
  search();
}

// Where the fingers, or the mouse with its button pressed, are.
const pointers = new Map();
let travelled = 0;

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  if (!pointers.size) travelled = 0;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});
window.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
  pointers.set(event.pointerId, now);
  if (travelled < CLICK) return;
  stage.classList.add("moving");
  if (others.length) {
    const [still] = others;
    const distance = (place) => Math.hypot(place.x - still.x, place.y - still.y) || 1;
    zoom(distance(now) / distance(before), { x: (now.x + still.x) / 2, y: (now.y + still.y) / 2 });
    move((now.x - before.x) / 2, (now.y - before.y) / 2);
  } else {
    move(now.x - before.x, now.y - before.y);
  }
});
for (const kind of ["pointerup", "pointercancel"]) {
  window.addEventListener(kind, (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) stage.classList.remove("moving");
  });
}
stage.addEventListener("click", (event) => {
  if (travelled < CLICK) select(event.target.closest("[data-node]"));
});
stage.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    zoom(Math.exp(-Math.max(-300, Math.min(300, event.deltaY * lines)) / 500), { x: event.clientX, y: event.clientY });
  },
  { passive: false },
);
stage.addEventListener("keydown", (event) => {
  const step = 60;
  const actions = {
    ArrowLeft: () => move(step, 0),
    ArrowRight: () => move(-step, 0),
    ArrowUp: () => move(0, step),
    ArrowDown: () => move(0, -step),
    "+": () => zoom(1.25),
    "=": () => zoom(1.25),
    "-": () => zoom(0.8),
    0: fit,
    Escape: () => select(null),
    Enter: () => select(event.target.closest("[data-node]")),
    " ": () => select(event.target.closest("[data-node]")),
  };
  if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});
stage.addEventListener("focusin", (event) => {
  const node = event.target.closest("[data-node]");
  if (node && node.matches(":focus-visible")) bring(node);
});

element("search").addEventListener("input", search);
element("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextMatch();
});
element("larger").addEventListener("click", () => zoom(1.25));
element("smaller").addEventListener("click", () => zoom(0.8));
element("fit").addEventListener("click", fit);
element("close").addEventListener("click", () => select(null));
element("unfold").addEventListener("click", () => turnTo(1 - shown));
element("unfold").hidden = drawings.length < 2;
window.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== element("search")) {
    event.preventDefault();
    element("search").focus();
  }
});

drawings.forEach((each, number) => {
  each.setAttribute("role", "group");
  for (const node of each.querySelectorAll("[data-node]")) {
    const known = data.drawings[number][node.dataset.node];
    if (!known) continue;
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", `${known.title}, ${known.place}`);
  }
});
turnTo(0);
new ResizeObserver(show).observe(stage);
