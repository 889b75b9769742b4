// Aligns two lists of words as the scorer does: fewest errors, and where compounds are merged, words in a row that are one
// word of the other side, written together, match it at no cost.
const FULL_CELLS = 4e6, HALF_BAND = 600, HIT = 0, SUB = 1, DEL = 2, INS = 3, JOIN_SAID = 4, JOIN_HEARD = 5;

function joined(words, end, whole) {
  // How many words ending before `end` make up `whole`, two at least; 0 if they do not.
  let left = whole.length, count = 0;
  while (end - count > 0 && left > 0) {
    const word = words[end - count - 1];
    if (word.length > left || whole.slice(left - word.length, left) !== word) return 0;
    left -= word.length;
    count += 1;
  }
  return left === 0 && count > 1 ? count : 0;
}

function align(said, heard, merge) {
  // Returns [kind, words said, words heard] in order; kind is "=", "s", "d" or "i".
  const n = said.length, m = heard.length;
  const band = n * m <= FULL_CELLS ? m : Math.max(HALF_BAND, Math.abs(n - m) + HALF_BAND);
  const width = Math.min(m, 2 * band) + 1;
  const first = (i) => Math.max(0, Math.min(m + 1 - width, Math.round(n ? (i * m) / n : 0) - band));
  const cost = new Uint32Array((n + 1) * width).fill(1 << 30), move = new Uint8Array((n + 1) * width), span = new Uint16Array(merge ? (n + 1) * width : 0);
  const at = (i, j) => (j < first(i) || j >= first(i) + width ? -1 : i * width + j - first(i));
  const price = (i, j) => { const cell = i < 0 || j < 0 ? -1 : at(i, j); return cell < 0 ? 1 << 30 : cost[cell]; };
  for (let i = 0; i <= n; i += 1) {
    for (let j = first(i); j < first(i) + width; j += 1) {
      const cell = at(i, j);
      if (i === 0 && j === 0) { cost[cell] = 0; continue; }
      let best = 1 << 30, kind = HIT, length = 0;
      const consider = (value, what, many) => { if (value < best) { best = value; kind = what; length = many; } };
      if (i && j) {
        const same = said[i - 1] === heard[j - 1];
        consider(price(i - 1, j - 1) + (same ? 0 : 1), same ? HIT : SUB, 1);
        if (merge && !same) {
          let many = joined(said, i, heard[j - 1]);
          if (many) consider(price(i - many, j - 1), JOIN_SAID, many);
          many = joined(heard, j, said[i - 1]);
          if (many) consider(price(i - 1, j - many), JOIN_HEARD, many);
        }
      }
      if (i) consider(price(i - 1, j) + 1, DEL, 1);
      if (j) consider(price(i, j - 1) + 1, INS, 1);
      cost[cell] = best; move[cell] = kind;
      if (merge) span[cell] = length;
    }
  }
  const steps = [];
  for (let i = n, j = m; i > 0 || j > 0;) {
    const cell = at(i, j), kind = move[cell];
    const back = kind === INS ? 0 : kind === JOIN_SAID ? span[cell] : 1, other = kind === DEL ? 0 : kind === JOIN_HEARD ? span[cell] : 1;
    steps.push([kind === SUB ? "s" : kind === DEL ? "d" : kind === INS ? "i" : "=", said.slice(i - back, i), heard.slice(j - other, j)]);
    i -= back; j -= other;
  }
  return steps.reverse();
}
