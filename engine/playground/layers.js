// The activations of each layer: maps as tiles, vectors as strips, vectors over time as a picture.

import { decode, paint } from "./pictures.js";

const LONGEST_ROW = 128;
const SHORT = 16;

function element(kind, name, text = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
}

function key(layer) {
  return [layer.name, ...layer.kinds, layer.calls, ...layer.shape].join(" ");
}

function row(layer) {
  const made = element("li", "layer");
  const about = element("div", "about");
  const shape = layer.shape.join(" \u00d7 ");
  const steps = layer.calls > 1 ? `${layer.calls} steps of ` : "";
  const maps = layer.shape.slice(0, -2).reduce((product, length) => product * length, layer.calls);
  const part = layer.shape.length > 2 && layer.tiles < maps ? `, ${layer.tiles} shown` : "";
  about.append(
    element("h2", "name", layer.name || layer.kinds[0]),
    element("p", "kinds", (layer.name ? layer.kinds : layer.kinds.slice(1)).join(", ")),
    element("p", "shape", steps + shape + part),
  );
  const picture = element("div", "picture");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `Activations of ${layer.name || layer.kinds[0]}, ${shape}`);
  made.append(about, picture);
  return made;
}

function size(layer) {
  if (layer.shape.length > 2) return layer.rows >= 20 ? "large" : "medium";
  if (layer.rows > 1) return "steps";
  return layer.columns <= SHORT ? "short" : "wide";
}

export class Layers {
  constructor(list) {
    this.list = list;
    this.keys = "";
  }

  // Shows layers; the same rows are painted again for as long as the network has the same layers.
  show(layers, palettes) {
    const keys = layers.map(key).join("\n");
    if (keys !== this.keys) {
      this.keys = keys;
      this.list.replaceChildren(...layers.map(row));
    }
    layers.forEach((layer, number) => this.fill(this.list.children[number].lastChild, layer, palettes));
  }

  fill(picture, layer, palettes) {
    picture.className = `picture ${size(layer)}`;
    while (picture.children.length < layer.tiles) picture.append(document.createElement("canvas"));
    // Before anything is drawn there are none.
    const bytes = layer.bytes ? decode(layer.bytes) : new Uint8Array(layer.tiles * layer.rows * layer.columns);
    const length = layer.rows * layer.columns;
    const columns = layer.rows === 1 ? Math.min(layer.columns, LONGEST_ROW) : layer.columns;
    for (let tile = 0; tile < layer.tiles; tile += 1) {
      const part = bytes.subarray(tile * length, (tile + 1) * length);
      paint(picture.children[tile], part, columns, layer.signed ? palettes.signed : palettes.unsigned);
    }
  }
}
