// Numbers as colours: 0 is the colour of the tile, the greatest the strongest; negative ones have a colour of their own.

const CONTRAST = 0.7;

function channels(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

// The colours of the 256 bytes, by the theme that is on.
export function palettes() {
  const style = getComputedStyle(document.documentElement);
  const [zero, positive, negative, paper, ink] = ["zero", "positive", "negative", "field", "ink"].map((name) =>
    channels(style.getPropertyValue(`--${name}`)),
  );
  const table = (share) =>
    Array.from({ length: 256 }, (_, byte) => {
      const value = share(byte);
      const end = value < 0 ? negative : positive;
      const part = Math.min(Math.abs(value), 1) ** CONTRAST;
      return zero.map((channel, number) => channel + part * (end[number] - channel));
    });
  return {
    grey: Array.from({ length: 256 }, (_, byte) => paper.map((each, number) => each + (byte / 255) * (ink[number] - each))),
    signed: table((byte) => (byte - 128) / 127),
    unsigned: table((byte) => byte / 255),
  };
}

export function decode(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

// Paints bytes row by row; a long single row is broken into several.
export function paint(canvas, bytes, columns, colours) {
  const rows = Math.ceil(bytes.length / columns);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const image = new ImageData(columns, rows);
  bytes.forEach((byte, place) => image.data.set(colours[byte], 4 * place));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
