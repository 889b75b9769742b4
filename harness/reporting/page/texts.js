// An utterance's texts: as they are written beside as they are scored, and which words differ in which of the two ways.

// Words as they are aligned, or characters where those are counted.
function wordsOf(text, characters) { return characters ? [...text] : text.split(" ").filter(Boolean); }

// What is written between spaces; characters where those are counted.
function tokensOf(text, characters) { return characters ? [...text] : text.split(/\s+/).filter(Boolean); }

// A token without case, marks and punctuation, to find which words it became.
function bare(token) { return token.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, ""); }

// Which tokens became which words, from left to right: blocks of tokens [from, to) and of words [start, end). Where they
// differ ("1" and "one", "uh" and nothing), a block reaches to the nearest place where both agree again.
function blocksOf(tokens, words) {
  const plain = tokens.map(bare), simple = words.map(bare), found = [], REACH = 24;
  const agree = (t, w) => t < tokens.length && w < words.length && plain[t] !== "" && plain[t] === simple[w];
  let t = 0, w = 0;
  const push = (to, end) => { found.push({ from: t, to, start: w, end }); t = to; w = end; };
  while (t < tokens.length || w < words.length) {
    if (agree(t, w)) { push(t + 1, w + 1); continue; }
    let next = null;
    for (let sum = 1; sum <= REACH && !next; sum += 1) {
      for (let dw = 0; dw <= sum && !next; dw += 1) {
        const a = t + sum - dw, b = w + dw;
        if (agree(a, b) || (a === tokens.length && b === words.length)) next = [a, b];
      }
    }
    push(...(next || [tokens.length, words.length]));
  }
  return found;
}

// The steps of an alignment as pairs of words of the reference [r, j) and of the hypothesis [h, i). Null where the
// reference is not the one that was aligned: of several spellings another one.
function pairsOf(reference, hypothesis, steps, characters) {
  const gap = characters ? "" : " ", pairs = [];
  let r = 0, h = 0;
  const right = (count) => {
    const end = h + count;
    while (h < end) {
      let i = h + 1, j = r + 1, a = hypothesis[h], b = reference[r];
      while (a !== b) {  // a compound that was merged: written together, both are the same
        if (b === undefined || a.length === b.length) return false;
        if (a.length < b.length && i < end) a += hypothesis[i++];
        else if (b.length < a.length && j < reference.length) b += reference[j++];
        else return false;
      }
      pairs.push({ r, j, h, i, hit: true });
      h = i; r = j;
    }
    return true;
  };
  for (let k = 0; k < steps.length; k += 3) {
    const [count, missing, written] = steps.slice(k, k + 3), lost = wordsOf(missing, characters).length;
    if (!right(count) || reference.slice(r, r + lost).join(gap) !== missing) return null;
    pairs.push({ r, j: r + lost, h, i: h + written, hit: false });
    r += lost; h += written;
  }
  return right(hypothesis.length - h) && r === reference.length ? pairs : null;
}

// For each token of the hypothesis what it is: "" as in the reference, "wrong" in a word that is an error, "written" the
// same words written otherwise (case, punctuation, digits); and how the reference writes it.
function differencesOf(reference, hypothesis, pairs) {
  const sides = [reference, hypothesis].map(({ tokens, words }) => ({ tokens, blocks: blocksOf(tokens, words), of: [], step: [] }));
  const [R, H] = sides, parent = [];
  sides.forEach((side, s) => side.blocks.forEach((block, b) => { for (let w = block.start; w < block.end; w += 1) side.of[w] = b + (s ? R.blocks.length : 0); }));
  for (let k = 0; k < R.blocks.length + H.blocks.length; k += 1) parent.push(k);
  const root = (k) => { while (parent[k] !== k) k = parent[k] = parent[parent[k]]; return k; };
  const wrong = new Set();
  pairs.forEach((pair, at) => {
    const nodes = [];
    for (let w = pair.r; w < pair.j; w += 1) { nodes.push(R.of[w]); R.step[w] = at; }
    for (let w = pair.h; w < pair.i; w += 1) { nodes.push(H.of[w]); H.step[w] = at; }
    nodes.forEach((node) => { parent[root(node)] = root(nodes[0]); });
    if (!pair.hit && nodes.length) wrong.add(nodes[0]);
  });
  const errors = new Set([...wrong].map(root)), text = (side, block) => side.tokens.slice(block.from, block.to).join(" ");
  // What the rules drop, such as "uh" or a dash, is compared with what is dropped at the same place of the other side.
  const place = (side, block) => side.step[block.start] ?? pairs.length;
  const joined = sides.map((side, s) => {
    const texts = new Map();
    side.blocks.forEach((block, b) => {
      const key = block.start === block.end ? `dropped ${place(side, block)}` : root(b + (s ? R.blocks.length : 0));
      texts.set(key, [...(texts.get(key) || []), text(side, block)]);
    });
    return texts;
  });
  const marks = [];
  H.blocks.forEach((block, b) => {
    const key = block.start === block.end ? `dropped ${place(H, block)}` : root(b + R.blocks.length);
    const [theirs, ours] = joined.map((texts) => (texts.get(key) || []).join(" "));
    const kind = errors.has(key) ? "wrong" : theirs === ours ? "" : "written";
    for (let t = block.from; t < block.to; t += 1) marks[t] = { kind, reference: theirs };
  });
  return marks;
}

// All that is shown of one system's transcript of an utterance.
function textsOf(one, system, i) {
  const characters = one.characters, raw = system.hypotheses[i], held = system.normalized[i];
  const reference = one.normalized && one.normalized.length && one.normalized[i] !== 0 ? one.normalized[i] : one.references[i];
  const scored = held === 1 ? reference : held === 0 ? raw : held;
  return { raw, scored, reference, characters, steps: system.steps[i] || [] };
}

// A transcript as it is written, its tokens marked.
function writtenLine(one, system, i) {
  const line = element("p", "raw"), { raw, scored, reference, characters, steps } = textsOf(one, system, i);
  const pairs = pairsOf(wordsOf(reference, characters), wordsOf(scored, characters), steps, characters);
  if (!pairs) { line.textContent = raw; return line; }
  const side = (text, words) => ({ tokens: tokensOf(text, characters), words: wordsOf(words, characters) });
  const hypothesis = side(raw, scored), marks = differencesOf(side(one.references[i], reference), hypothesis, pairs);
  let run = [];
  const gap = characters ? "" : " ", flush = () => {
    if (!run.length) return;
    const mark = marks[run[0]], text = run.map((t) => hypothesis.tokens[t]).join(gap);
    if (line.childNodes.length) line.append(gap);
    if (mark.kind) {
      const marked = element("span", mark.kind, text);
      marked.title = mark.reference ? `the reference writes: ${mark.reference}` : "the reference has nothing here";
      line.append(marked);
    } else line.append(text);
    run = [];
  };
  hypothesis.tokens.forEach((_, t) => {
    const last = marks[run[run.length - 1]];
    if (last && (last.kind !== marks[t].kind || (last.kind && last.reference !== marks[t].reference))) flush();
    run.push(t);
  });
  flush();
  return line;
}

// A transcript with its errors as the scorer aligned them: right words, words that are missing, words in their place.
function alignedLine(one, system, i) {
  const line = element("p", "aligned"), { scored, characters, steps } = textsOf(one, system, i);
  const gap = characters ? "" : " ", words = wordsOf(scored, characters);
  if (!steps.length) { line.textContent = scored; return line; }
  let at = 0;
  const take = (count) => words.slice(at, (at += count)).join(gap);
  for (let k = 0; k < steps.length; k += 3) {
    const [right, missing, written] = steps.slice(k, k + 3), error = element("span", "error");
    if (right) line.append(take(right) + gap);
    if (missing) error.append(element("del", "", missing));
    if (missing && written) error.append(gap);
    if (written) error.append(element("ins", "", take(written)));
    line.append(error, gap);
  }
  line.append(take(words.length - at));
  return line;
}

// Both beside each other, each under its name.
function sides(written, scored, same) {
  const box = element("div", "sides");
  [["as written", written], [same ? "as scored, the same" : "as scored", scored]].forEach(([name, line]) => {
    const side = element("div");
    side.append(element("span", "note", name), line);
    box.append(side);
  });
  return box;
}
