// Sends the drawing to the network while it changes, and shows what comes back.

import { Drawing } from "./drawing.js";
import { Layers } from "./layers.js";
import { decode, paint, palettes } from "./pictures.js";

const SIDE = 280;
const BETWEEN_ANSWERS = 50;
const BETWEEN_VISITS = 2000;
const GONE = "nnkit does not answer: it has ended. Start it again, and this page goes on.";

const find = (id) => document.getElementById(id);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const percent = (share) => `${(100 * share).toFixed(1)}\u202f%`;

let network = null;
let description = "";
let answer = null;
let colours = palettes();
// Drawings are counted: the newest, and the one whose answer is shown.
let newest = 0;
let shown = 0;
let isDone = false;
let isReading = false;
let isGone = false;

const layers = new Layers(find("layers"));
const drawing = new Drawing(find("field"), SIDE, (done) => {
  find("undo").disabled = find("clear").disabled = drawing.isEmpty;
  find("invitation").hidden = !drawing.isEmpty;
  newest += 1;
  isDone = done;
  read();
});

function tell(trouble) {
  find("trouble").hidden = !trouble;
  // A screen reader reads it again whenever it is set.
  if (find("trouble").textContent !== trouble) find("trouble").textContent = trouble;
}

// The status and the text of an answer; null if there is nobody who answers.
async function request(path, options = {}) {
  try {
    const response = await fetch(path, options);
    const reply = { isFine: response.ok, text: await response.text() };
    isGone = false;
    return reply;
  } catch {
    isGone = true;
    tell(GONE);
    return null;
  }
}

// One question at a time, and always about the newest drawing.
async function read() {
  if (isReading || isGone || network === null) return;
  isReading = true;
  try {
    while (shown < newest) {
      const asked = newest;
      const started = performance.now();
      const found = await ask();
      if (isGone) return;
      show(drawing.isEmpty ? null : found);
      shown = asked;
      await pause(started + BETWEEN_ANSWERS - performance.now());
    }
    if (isDone) announce();
  } finally {
    isReading = false;
  }
}

// What the network makes of the drawing; null if it has nothing to say about it.
async function ask() {
  let trouble = "";
  let found = null;
  if (!drawing.isEmpty) {
    const headers = { "Content-Type": "application/octet-stream" };
    const reply = await request("read", { method: "POST", headers, body: drawing.bytes() });
    if (reply === null) return null;
    if (reply.isFine) found = JSON.parse(reply.text);
    else trouble = reply.text;
  }
  tell(trouble);
  return found;
}

// Looks whether the server is there, and whether it has another network than before.
async function visit() {
  const wasGone = isGone;
  const reply = await request("network");
  if (reply === null) return;
  if (reply.text !== description) {
    description = reply.text;
    meet(JSON.parse(description));
  }
  if (wasGone) tell("");
  read();
}

function meet(found) {
  network = found;
  find("about").textContent = `${found.network} \u00b7 ${found.data} \u00b7 epoch ${found.epoch}`;
  const areDigits = found.classes.every((name) => /^[0-9]$/.test(name));
  find("invitation").textContent = areDigits ? "Draw a digit here" : "Draw here";
  document.title = `${found.checkpoint} \u00b7 nnkit play`;
  find("bars").replaceChildren(...found.classes.map(bar));
  show(null);
  shown = -1;
}

function bar(name) {
  const made = document.createElement("li");
  for (const [part, text] of [["class", name], ["track", ""], ["share", ""]]) {
    const piece = made.appendChild(document.createElement("span"));
    piece.className = part;
    piece.textContent = text;
  }
  made.children[1].append(document.createElement("span"));
  return made;
}

function show(found) {
  answer = found;
  const guess = found ? network.classes[found.guess] : "\u2013";
  const share = found ? found.probabilities[found.guess] : 0;
  find("caption").textContent = found && share < 0.5 ? "Perhaps" : "Guess";
  find("guess").textContent = guess;
  find("guess").className = found ? (guess.length > 2 ? "word" : "digit") : "none";
  find("confidence").textContent = found ? percent(share) : "\u00a0";
  network.classes.forEach((_, number) => {
    const { children, classList } = find("bars").children[number];
    const probability = found ? found.probabilities[number] : 0;
    classList.toggle("best", found?.guess === number);
    children[1].firstChild.style.transform = `scaleX(${probability})`;
    children[2].textContent = found ? percent(probability) : "";
  });
  paint(find("seen"), found ? decode(found.seen) : new Uint8Array(28 * 28), 28, colours.grey);
  layers.show(found ? found.layers : network.layers, colours);
}

function announce() {
  find("announcement").textContent = answer ? `${network.classes[answer.guess]}, ${find("confidence").textContent}` : "";
}

find("width").addEventListener("input", (event) => (drawing.width = Number(event.target.value)));
find("undo").addEventListener("click", () => drawing.undo());
find("clear").addEventListener("click", () => drawing.clear());
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z") {
    event.preventDefault();
    drawing.undo();
  } else if (event.key === "Delete") {
    drawing.clear();
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colours = palettes();
  drawing.show();
  if (network) show(answer);
});
setInterval(() => document.hidden || visit(), BETWEEN_VISITS);
visit();
