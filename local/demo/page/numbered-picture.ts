/** The size of a picture: what is published, and what viewers draw. */
export const PICTURE = { width: 320, height: 180 } as const;

/** Pictures are numbered below this, and then from 0 again. */
const NUMBERS = 2 ** 16;
const BITS = 16;
const BLOCK = { width: PICTURE.width / BITS, height: 12 } as const;
/** Between black and white, in the middle: what a block was, after it was compressed. */
const MIDDLE = 128;

type Drawing = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Writes a picture's number into its upper edge: a white block for each bit that is set, and black ones. */
export function writeNumber(drawing: Drawing, number: number): void {
  for (let bit = 0; bit < BITS; bit++) {
    drawing.fillStyle = ((number >> bit) & 1) === 1 ? '#fff' : '#000';
    drawing.fillRect(bit * BLOCK.width, 0, BLOCK.width, BLOCK.height);
  }
}

/** The number that {@link writeNumber} wrote. */
export function readNumber(drawing: Drawing): number {
  const { data } = drawing.getImageData(0, BLOCK.height / 2, PICTURE.width, 1);
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const green = data[4 * (bit + 0.5) * BLOCK.width + 1] ?? 0;
    if (green > MIDDLE) number |= 1 << bit;
  }
  return number;
}

/** How many pictures later the second number is; before it, where that is nearer. */
export function ahead(of: number, number: number): number {
  const distance = (number - of + NUMBERS) % NUMBERS;
  return distance < NUMBERS / 2 ? distance : distance - NUMBERS;
}
