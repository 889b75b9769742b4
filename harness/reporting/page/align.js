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
  // Returns [kind, words said, words heard] in order; kind is "=", "s", "d" or "i". Very long pairs are aligned in a band
  // around the diagonal, which is exact unless one side drifts from the other by more than HALF_BAND words.
  const n = said.length, m = heard.length, FAR = 1 << 30;
  const band = n * m <= FULL_CELLS ? m : Math.max(HALF_BAND, Math.abs(n - m) + HALF_BAND), width = Math.min(m, 2 * band) + 1;
  const numbers = new Map(), number = (word) => { if (!numbers.has(word)) numbers.set(word, numbers.size); return numbers.get(word); };
  const a = Uint32Array.from(said, number), b = Uint32Array.from(heard, number);
  const first = Int32Array.from({ length: n + 1 }, (_, i) => Math.max(0, Math.min(m + 1 - width, Math.round(n ? (i * m) / n : 0) - band)));
  const cost = new Uint32Array((n + 1) * width), move = new Uint8Array((n + 1) * width), span = new Uint16Array(merge ? (n + 1) * width : 0);
  const price = (i, j) => (i < 0 || j < first[i] || j >= first[i] + width ? FAR : cost[i * width + j - first[i]]);
  for (let i = 0; i <= n; i += 1) {
    const shift = i ? first[i] - first[i - 1] : 0, above = (i - 1) * width + shift, row = i * width;
    for (let k = 0; k < width; k += 1) {
      const j = first[i] + k, cell = row + k;
      if (i === 0 && j === 0) continue;
      let best = FAR, kind = HIT, length = 1;
      if (i) {
        const here = k + shift; // the same column in the row above
        if (j && here >= 1 && here <= width) {
          const same = a[i - 1] === b[j - 1];
          best = cost[above + k - 1] + (same ? 0 : 1);
          kind = same ? HIT : SUB;
          if (merge && !same) {
            let many = joined(said, i, heard[j - 1]), value = many ? price(i - many, j - 1) : FAR;
            if (value < best) { best = value; kind = JOIN_SAID; length = many; }
            many = joined(heard, j, said[i - 1]);
            value = many ? price(i - 1, j - many) : FAR;
            if (value < best) { best = value; kind = JOIN_HEARD; length = many; }
          }
        }
        if (here < width && cost[above + k] + 1 < best) { best = cost[above + k] + 1; kind = DEL; }
      }
      if (k && cost[cell - 1] + 1 < best) { best = cost[cell - 1] + 1; kind = INS; }
      cost[cell] = best; move[cell] = kind;
      if (merge) span[cell] = length;
    }
  }
  const steps = [];
  for (let i = n, j = m; i > 0 || j > 0;) {
    const cell = i * width + j - first[i], kind = move[cell];
    const back = kind === INS ? 0 : kind === JOIN_SAID ? span[cell] : 1, other = kind === DEL ? 0 : kind === JOIN_HEARD ? span[cell] : 1;
    steps.push([kind === SUB ? "s" : kind === DEL ? "d" : kind === INS ? "i" : "=", said.slice(i - back, i), heard.slice(j - other, j)]);
    i -= back; j -= other;
  }
  return steps.reverse();
}
