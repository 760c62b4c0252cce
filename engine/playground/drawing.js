// What a person draws with mouse, finger, pen or keys, kept as strokes so that it can be undone and drawn in any size.

const KEY_STEP = 8;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Drawing {
  // `side` is the size of the drawing in its own units; `changed(isDone)` is called after each change.
  constructor(canvas, side, changed) {
    this.canvas = canvas;
    this.side = side;
    this.changed = changed;
    this.width = 24;
    this.strokes = [];
    this.pen = { x: side / 2, y: side / 2 };
    this.pointer = null;
    this.drawsByKey = false;
    this.copy = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    this.listen();
    new ResizeObserver(() => this.show()).observe(canvas);
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  // The drawing as side x side bytes, white on black.
  bytes() {
    this.copy.fillStyle = "black";
    this.copy.fillRect(0, 0, this.side, this.side);
    this.trace(this.copy, "white");
    const pixels = this.copy.getImageData(0, 0, this.side, this.side).data;
    return Uint8Array.from({ length: this.side ** 2 }, (_, place) => pixels[4 * place]);
  }

  clear() {
    this.keep([]);
  }

  undo() {
    this.keep(this.strokes.slice(0, -1));
  }

  keep(strokes) {
    this.strokes = strokes;
    // Whatever is being drawn is over.
    this.pointer = null;
    this.drawsByKey = false;
    this.update(true);
  }

  show() {
    const pixels = Math.round(this.canvas.clientWidth * devicePixelRatio);
    this.canvas.width = this.canvas.height = pixels;
    const context = this.canvas.getContext("2d");
    context.scale(pixels / this.side, pixels / this.side);
    const style = getComputedStyle(this.canvas);
    this.trace(context, style.color);
    if (this.canvas.matches(":focus-visible")) {
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(this.pen.x, this.pen.y, this.width / 2 + 3, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  update(isDone) {
    this.show();
    this.changed(isDone);
  }

  trace(context, colour) {
    context.strokeStyle = colour;
    context.lineCap = context.lineJoin = "round";
    for (const { width, points } of this.strokes) {
      // Curves from the middle between two points to the next such middle have no corners.
      let start = points[0];
      let force = null;
      points.forEach((point, number) => {
        const next = points[number + 1];
        const end = next ? { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 } : point;
        if (point.force !== force) {
          if (force !== null) context.stroke();
          force = point.force;
          context.lineWidth = width * force;
          context.beginPath();
          context.moveTo(start.x, start.y);
        }
        // A line without length would not be drawn, not even as a dot.
        context.quadraticCurveTo(point.x, point.y, end.x, end.y + (points.length === 1 ? 0.01 : 0));
        start = end;
      });
      context.stroke();
    }
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (this.pointer === null && event.button === 0) {
        this.pointer = event.pointerId;
        canvas.setPointerCapture(event.pointerId);
        this.strokes.push({ width: this.width, points: [this.place(event)] });
        this.update(false);
      }
    });
    // A fast stroke would be a fling to the browser, which swallows the tap after it.
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.pointer) {
        const events = event.getCoalescedEvents?.() ?? [];
        this.extend((events.length ? events : [event]).map((each) => this.place(each)));
      }
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => {
        if (event.pointerId === this.pointer) {
          this.pointer = null;
          this.changed(true);
        }
      });
    }
    canvas.addEventListener("keydown", (event) => this.moveByKey(event));
    canvas.addEventListener("keyup", (event) => event.key === "Shift" && this.endByKey());
    canvas.addEventListener("focus", () => this.show());
    canvas.addEventListener("blur", () => {
      this.endByKey();
      this.show();
    });
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.side / box.width;
    this.pen = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
    return { ...this.pen, force: event.pointerType === "pen" ? 0.5 + event.pressure : 1 };
  }

  extend(points) {
    this.strokes[this.strokes.length - 1].points.push(...points);
    this.update(false);
  }

  moveByKey(event) {
    const direction = ARROWS[event.key];
    if (!direction || event.ctrlKey || event.metaKey || event.altKey || this.pointer !== null) return;
    event.preventDefault();
    const before = { ...this.pen, force: 1 };
    const within = (value) => Math.min(Math.max(value, 0), this.side);
    this.pen = { x: within(this.pen.x + direction[0] * KEY_STEP), y: within(this.pen.y + direction[1] * KEY_STEP) };
    if (!event.shiftKey) {
      this.show();
      return;
    }
    if (!this.drawsByKey) this.strokes.push({ width: this.width, points: [before] });
    this.drawsByKey = true;
    this.extend([{ ...this.pen, force: 1 }]);
  }

  endByKey() {
    if (this.drawsByKey) this.changed(true);
    this.drawsByKey = false;
  }
}
